package dev.ramzswap.nbd;

import static dev.ramzswap.nbd.wire.Protocol.*;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.nbd.tls.Tls;
import dev.ramzswap.nbd.tls.TlsChannel;
import dev.ramzswap.nbd.wire.ReplyWriter;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** TLS as a client of another make meets it: Java's own sockets. */
@Timeout(60)
class TlsTest {
    private static final String NEW = "TLSv1.3";
    private static final String OLD = "TLSv1.2";
    private static final int SIZE = 4 << 20;

    private static Tls required;
    private static SSLContext client;
    private static SSLContext nobody;
    private static SSLContext stranger;
    private static SSLContext anotherServer;

    private final MemoryExport export = new MemoryExport("x", SIZE);
    private NbdServer server;
    private InetSocketAddress address;

    @BeforeAll
    static void makeCertificates(@TempDir Path directory) throws Exception {
        Certificates ours = Certificates.make(directory.resolve("ours"));
        required = new Tls(ours.context("server"), true, true);
        client = ours.context("client");
        nobody = ours.context(null);
        anotherServer = ours.context("server"); // of the right authority, and not for clients
        Certificates others = Certificates.make(directory.resolve("others"));
        // It trusts our server, and has a certificate of another authority.
        for (String file : List.of("client-cert.pem", "client-key.pem")) {
            Files.copy(others.file(file), ours.file(file), StandardCopyOption.REPLACE_EXISTING);
        }
        stranger = ours.context("client");
    }

    @AfterEach
    void nothingIsLeft() {
        if (server != null) {
            server.close();
            assertEquals(0, server.memoryInUse());
        }
        TestServer.await(() -> TestServer.threads("nbd-") == 0);
        assertEquals(0, export.sessions.get());
    }

    private void serve(Tls tls, Limits limits) throws IOException {
        var any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        server = new NbdServer(List.of(export), List.of(new Endpoint(any, tls)), limits, ClientListener.NONE);
        server.start();
        address = (InetSocketAddress) server.addresses().getFirst();
    }

    private void serve() throws IOException {
        serve(required, Limits.DEFAULT);
    }

    private TlsClient attached(String version) throws IOException {
        return TlsClient.attached(address, client, version);
    }

    @ParameterizedTest
    @ValueSource(strings = {OLD, NEW})
    void readsAndWritesOfAnySize(String version) throws IOException {
        serve();
        try (TlsClient client = attached(version)) {
            assertEquals(version, client.tls.getSession().getProtocol());
            byte[] content = Bytes.random(1, 3 << 20);
            client.send(new Bytes().write(1, 100, content));
            client.in.expect(1, 0);
            client.send(new Bytes().read(2, 100, content.length));
            client.in.expectData(2, content);
            for (int length : new int[] {1, 4096, 16_383, 16_384, 16_385, 100_000}) {
                client.send(new Bytes().read(3, 100, length));
                client.in.expectData(3, Arrays.copyOf(content, length));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {OLD, NEW})
    void recordsMayArriveByteByByte(String version) throws IOException {
        serve();
        try (TlsClient client = new TlsClient(new DrippingSocket(address))) {
            client.askForTls();
            client.startTls(TlsTest.client, version);
            client.send(new Bytes().option(NBD_OPT_GO, Bytes.go("")));
            client.expectGranted();
            byte[] content = Bytes.random(4, 20_000);
            client.send(new Bytes().write(1, 100, content));
            client.in.expect(1, 0);
            client.send(new Bytes().read(2, 100, content.length));
            client.in.expectData(2, content);
        }
    }

    /** DISC: "the server MUST close down the TLS session and then close the TCP connection"; so is ABORT ended. */
    @ParameterizedTest
    @ValueSource(strings = {OLD, NEW})
    void aGoodByeIsAnsweredByOne(String version) throws IOException {
        serve();
        try (TlsClient client = attached(version)) {
            client.send(new Bytes().read(1, 0, 1).disconnect());
            client.in.expectData(1, new byte[1]);
            client.in.expectEnd(); // without close_notify, Java's client would throw here
        }
        try (TlsClient client = new TlsClient(address)) {
            client.askForTls();
            client.startTls(TlsTest.client, version);
            client.send(new Bytes().option(NBD_OPT_ABORT));
            assertEquals(NBD_REP_ACK, client.in.optionReply().type());
            client.in.expectEnd();
        }
    }

    @Test
    void whatComesWithTheLastOptionIsServed() throws IOException {
        serve();
        try (TlsClient client = new TlsClient(address)) {
            client.askForTls();
            client.startTls(TlsTest.client, NEW);
            client.send(
                    new Bytes().option(NBD_OPT_GO, Bytes.go("")).read(1, 0, 10).read(2, 0, 1));
            client.expectGranted();
            client.in.expectData(1, new byte[10]);
            client.in.expectData(2, new byte[1]);
        }
    }

    @Test
    void allThreadsOfAConnectionMayReply() throws IOException {
        serve();
        byte[] content = Bytes.random(2, SIZE);
        System.arraycopy(content, 0, export.content, 0, SIZE);
        export.slow(0, SIZE / 2);
        try (TlsClient client = attached(NEW)) {
            Bytes reads = new Bytes();
            int count = 200;
            for (int i = 0; i < count; i++) {
                reads.read(i, offset(i), 10_000);
            }
            client.send(reads);
            for (int i = 0; i < count; i++) {
                ServerBytes.SimpleReply reply = client.in.simpleReply();
                assertEquals(0, reply.error());
                int offset = offset((int) reply.cookie());
                assertArrayEquals(Arrays.copyOfRange(content, offset, offset + 10_000), client.in.bytes(10_000));
            }
        }
    }

    private static int offset(int i) {
        return (i * 1_000_003 & Integer.MAX_VALUE) % (SIZE - 10_000);
    }

    @Test
    void keysMayBeChangedAtAnyTime() throws IOException {
        serve();
        try (TlsClient client = attached(NEW)) {
            for (int i = 0; i < 50; i++) {
                client.send(new Bytes().read(i, 0, 50_000));
                client.tls.startHandshake(); // a KeyUpdate that asks for one in return
                client.in.expectData(i, new byte[50_000]);
            }
        }
    }

    @Test
    void whoWantsToShakeHandsAgainIsCutOff() throws IOException {
        serve();
        try (TlsClient other = attached(OLD);
                TlsClient client = attached(OLD)) {
            assertThrows(IOException.class, () -> {
                client.tls.startHandshake();
                client.send(new Bytes().read(1, 0, 1));
                client.in.expectData(1, new byte[1]);
            });
            TestServer.await(() -> server.connections() == 1);
            other.send(new Bytes().read(1, 0, 1));
            other.in.expectData(1, new byte[1]);
        }
    }

    @Test
    void aSecondStartTlsIsInvalid() throws IOException {
        serve();
        try (TlsClient client = new TlsClient(address)) {
            client.askForTls();
            client.startTls(TlsTest.client, NEW);
            client.send(new Bytes().option(NBD_OPT_STARTTLS));
            assertEquals(NBD_REP_ERR_INVALID, client.in.optionReply().type());
            client.send(new Bytes().option(NBD_OPT_GO, Bytes.go("")));
            client.expectGranted();
        }
    }

    /** CVE-2021-3716: somebody in between agrees on things before the client starts TLS. */
    @Test
    void whatWasAgreedBeforeTlsIsForgotten() throws IOException {
        serve(new Tls(required.context(), true, false), Limits.DEFAULT);
        try (TlsClient client = new TlsClient(address)) {
            client.send(new Bytes().option(NBD_OPT_STRUCTURED_REPLY));
            assertEquals(NBD_REP_ACK, client.in.optionReply().type());
            client.send(new Bytes().option(NBD_OPT_SET_META_CONTEXT, Bytes.queries("x", BASE_ALLOCATION)));
            assertEquals(NBD_REP_META_CONTEXT, client.in.optionReply().type());
            assertEquals(NBD_REP_ACK, client.in.optionReply().type());
            client.askForTls();
            client.startTls(TlsTest.client, NEW);
            client.send(new Bytes().option(NBD_OPT_GO, Bytes.go("x")));
            client.expectGranted();
            client.send(new Bytes().read(1, 0, 1).request(NBD_CMD_BLOCK_STATUS, 0, 2, 0, 4096));
            client.in.expectData(1, new byte[1]);
            client.in.expect(2, NBD_EINVAL);
        }
    }

    /** The other half of it: an option in the clear behind STARTTLS, which must not be served once TLS is there. */
    @Test
    void whatIsInjectedBehindStartTlsIsNotServed() throws IOException {
        serve();
        try (TlsClient client = new TlsClient(address)) {
            client.send(
                    new Bytes().option(NBD_OPT_STARTTLS).option(NBD_OPT_LIST).option(NBD_OPT_LIST));
            assertEquals(NBD_REP_ACK, client.in.optionReply().type());
            assertThrows(IOException.class, () -> {
                client.startTls(TlsTest.client, NEW);
                client.in.optionReply();
            });
            TestServer.await(() -> server.connections() == 0);
        }
    }

    @Test
    void offeredTlsNeedNotBeTaken() throws IOException {
        serve(new Tls(required.context(), true, false), Limits.DEFAULT);
        RawClient.attached(address, "x", true).close();
        attached(NEW).close();
    }

    @ParameterizedTest
    @ValueSource(strings = {OLD, NEW})
    void aClientWithoutOurCertificateIsNotServed(String version) throws IOException {
        serve();
        for (SSLContext wrong : List.of(nobody, stranger, anotherServer)) {
            assertThrows(IOException.class, () -> TlsClient.attached(address, wrong, version));
        }
        attached(version).close();
        server.close();
        serve(new Tls(required.context(), false, true), Limits.DEFAULT);
        TlsClient.attached(address, nobody, version).close();
    }

    @Test
    void aTlsHandshakeThatStallsIsClosed() throws IOException {
        // On a busy machine, STARTTLS alone may take a third of a second.
        serve(required, Limits.DEFAULT.withHandshake(Duration.ofSeconds(2)));
        byte[] halfHello = {22, 3, 1, 1, 0, 1};
        try (TlsClient silent = new TlsClient(address);
                TlsClient half = new TlsClient(address)) {
            silent.askForTls();
            half.askForTls();
            half.send(new Bytes().raw(halfHello));
            silent.in.expectEnd();
            half.in.expectEnd();
        }
        try (TlsClient drip = new TlsClient(address)) {
            drip.askForTls();
            drip.send(new Bytes().raw((byte) 22, (byte) 3, (byte) 1, (byte) 64, (byte) 0));
            assertThrows(IOException.class, () -> {
                while (true) {
                    drip.send(new Bytes().raw((byte) 1));
                    LockSupport.parkNanos(20_000_000);
                }
            });
        }
    }

    /** TlsAbuseIT has the reason. */
    @Test
    void onlySomeHandshakesAreCarriedOutAtOnce() throws IOException {
        serve();
        int clients = 3 * ServerContext.TLS_HANDSHAKES;
        long buffers = clients * (2L * (1 << 20) + ReplyWriter.OVERHEAD);
        long most = buffers + ServerContext.TLS_HANDSHAKES * 3L * TlsChannel.BUFFER_BYTES;
        List<TlsClient> stalled = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            TlsClient client = new TlsClient(address);
            stalled.add(client);
            client.askForTls();
        }
        TestServer.await(() -> server.memoryInUse() >= most);
        assertEquals(most, server.memoryInUse());
        for (TlsClient client : stalled) {
            client.close();
        }
        attached(NEW).close();
    }

    @Test
    void garbageInPlaceOfTlsHarmsNobody() throws IOException {
        serve();
        long seed = System.nanoTime();
        try (TlsClient good = attached(NEW)) {
            for (int i = 0; i < 50; i++) {
                try (TlsClient bad = new TlsClient(address)) {
                    bad.askForTls();
                    Bytes garbage = new Bytes();
                    if (i % 2 == 0) { // a record as large as can be, or larger
                        garbage.raw((byte) 22, (byte) 3, (byte) 3).u16(i % 4 == 0 ? 33_000 : 16_640);
                    }
                    bad.send(garbage.raw(Bytes.random(seed + i, 40_000)));
                    bad.in.skipToEnd();
                } catch (IOException e) {
                    assertFalse(e instanceof EOFException, "seed " + seed);
                }
                good.send(new Bytes().read(i, 0, 1));
                good.in.expectData(i, new byte[1]);
            }
        }
    }

    @Test
    void aClientThatNeverReadsHoldsUpOnlyItself() throws IOException {
        serve();
        export.slow(0, SIZE / 2);
        Semaphore gate = export.holdReads();
        try (TlsClient deaf = attached(NEW);
                TlsClient other = attached(NEW)) {
            Bytes reads = new Bytes();
            for (int i = 0; i < 200; i++) {
                reads.read(i, i % 2 * (SIZE / 2), 65_536);
            }
            deaf.send(reads);
            gate.release(1000);
            other.send(new Bytes().read(1, SIZE / 2, 1));
            other.in.expectData(1, new byte[1]);
            assertFalse(server.shutdown(Duration.ofMillis(50)));
            assertTrue(server.memoryInUse() == 0);
        }
    }
}
