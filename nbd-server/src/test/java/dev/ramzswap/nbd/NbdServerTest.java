package dev.ramzswap.nbd;

import static dev.ramzswap.nbd.wire.Protocol.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.linux.PeerCredentials;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class NbdServerTest {
    private static final int SIZE = 4 << 20;

    /** A client's own haggling takes a third of a second on a machine that has much else to do. */
    private static final Duration HANDSHAKE = Duration.ofSeconds(2);

    private final MemoryExport export = new MemoryExport("x", SIZE);

    @TempDir
    private Path directory;

    @AfterEach
    void nothingIsLeft() {
        TestServer.await(() -> TestServer.threads("nbd-") == 0);
        assertEquals(0, export.sessions.get());
    }

    private TestServer serve(Limits limits) throws IOException {
        return new TestServer(directory, limits, export);
    }

    @Test
    void unixAndTcpAndSeveralExportsAtOnce() throws IOException {
        MemoryExport other = new MemoryExport("other", 8192);
        SocketAddress unix = UnixDomainSocketAddress.of(directory.resolve("s"));
        SocketAddress tcp = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (NbdServer server = new NbdServer(
                List.of(export, other),
                List.of(Endpoint.plain(unix), Endpoint.plain(tcp)),
                Limits.DEFAULT,
                ClientListener.NONE)) {
            server.start();
            try (RawClient first = RawClient.attached(server.addresses().get(0), "x", false);
                    RawClient second = RawClient.attached(server.addresses().get(1), "other", false);
                    RawClient third = RawClient.attached(server.addresses().get(1), "", false)) {
                first.send(new Bytes().write(1, 0, (byte) 7));
                first.in.expect(1, 0);
                second.send(new Bytes().read(2, 0, 1).read(3, 8192, 1));
                second.in.expectData(2, new byte[1]);
                second.in.expect(3, NBD_EINVAL);
                third.send(new Bytes().read(4, 0, 1));
                third.in.expectData(4, new byte[] {7});
            }
        }
        assertFalse(Files.exists(directory.resolve("s")));
    }

    /** Of a Unix client, the process is known that connected; of a TCP client, nothing is. */
    @Test
    void exportsSeeWhoConnects() throws IOException {
        SocketAddress unix = UnixDomainSocketAddress.of(directory.resolve("s"));
        SocketAddress tcp = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        List<Endpoint> endpoints = List.of(Endpoint.plain(unix), Endpoint.plain(tcp));
        try (NbdServer server = new NbdServer(List.of(export), endpoints, Limits.DEFAULT, ClientListener.NONE)) {
            server.start();
            RawClient.attached(server.addresses().get(0), "x", false).close();
            assertEquals(Files.getAttribute(directory.resolve("s"), "unix:uid"), export.peer.uid());
            RawClient.attached(server.addresses().get(1), "x", false).close();
            assertNull(export.peer);
        }
    }

    @Test
    void anAddressInUseIsNamedAndNothingStaysBound() throws IOException {
        Path path = directory.resolve("t");
        try (NbdServer first = new NbdServer(
                List.of(export),
                List.of(Endpoint.plain(new InetSocketAddress("127.0.0.1", 0))),
                Limits.DEFAULT,
                ClientListener.NONE)) {
            first.start();
            InetSocketAddress taken = (InetSocketAddress) first.addresses().getFirst();
            try (NbdServer second = new NbdServer(
                    List.of(export),
                    List.of(Endpoint.plain(UnixDomainSocketAddress.of(path)), Endpoint.plain(taken)),
                    Limits.DEFAULT,
                    ClientListener.NONE)) {
                String message = assertThrows(IOException.class, second::start).getMessage();
                assertTrue(message.startsWith("cannot listen on 127.0.0.1:" + taken.getPort()), message);
                assertFalse(Files.exists(path));
            }
        }
    }

    /** Notes the exports of clients: +, then - after a good-bye or ! without one. */
    private static final class Guests implements ClientListener {
        final List<String> heard = new CopyOnWriteArrayList<>();
        volatile boolean admits = true;

        @Override
        public boolean joins(String name, PeerCredentials peer) {
            assertEquals(ProcessHandle.current().pid(), peer.process().pid());
            heard.add(admits ? "+" + name : "refused");
            return admits;
        }

        @Override
        public void left(String name, PeerCredentials peer, boolean saidGoodbye) {
            assertEquals(ProcessHandle.current().pid(), peer.process().pid());
            heard.add((saidGoodbye ? "-" : "!") + name);
        }
    }

    @Test
    void itIsToldWhoJoinsAndHowTheyLeave() throws IOException {
        Guests guests = new Guests();
        MemoryExport a = new MemoryExport("a", 8192);
        try (TestServer server = new TestServer(directory, Limits.DEFAULT, guests, a, new MemoryExport("b", 8192))) {
            RawClient idle = new RawClient(server.address);
            RawClient broken = RawClient.attached(server.address, "b", false);
            // As soon as it is told that it may, it relies on the pages being kept.
            assertEquals(List.of("+b"), guests.heard);
            idle.close();
            broken.close();
            TestServer.await(() -> guests.heard.size() == 2);
            RawClient polite = RawClient.attached(server.address, "a", false);
            polite.send(new Bytes().request(NBD_CMD_DISC, 0, 1, 0, 0));
            TestServer.await(() -> guests.heard.size() == 4);
            RawClient.attached(server.address, "a", false);
        }
        assertEquals(List.of("+b", "!b", "+a", "-a", "+a"), guests.heard, "the last one left by the server's end");
    }

    @Test
    void whoMayNotJoinIsToldSoAndTheOthersAreServed() throws IOException {
        Guests guests = new Guests();
        try (TestServer server = new TestServer(directory, Limits.DEFAULT, guests, export);
                RawClient attached = server.attach()) {
            guests.admits = false;
            RawClient late = new RawClient(server.address);
            late.in.greeting();
            late.send(new Bytes().u32(NBD_FLAG_C_FIXED_NEWSTYLE).option(NBD_OPT_GO, Bytes.go("x")));
            assertEquals(NBD_REP_ERR_SHUTDOWN, late.in.optionReply().type());
            late.close();
            attached.send(new Bytes().read(1, 0, 1));
            attached.in.expectData(1, new byte[1]);
            TestServer.await(() -> server.connections() == 1);
            assertEquals(1, server.clients());
            assertEquals(List.of("+x", "refused"), guests.heard);
        }
    }

    @Test
    void oneConnectionTooManyIsClosed() throws IOException {
        try (TestServer server = serve(Limits.DEFAULT.withConnections(2));
                RawClient first = server.attach();
                RawClient second = server.attach()) {
            try (RawClient third = new RawClient(server.address)) {
                third.in.expectEnd();
            }
            second.channel.close();
            TestServer.await(() -> server.server.connections() == 1);
            server.attach().close();
            first.send(new Bytes().disconnect());
            first.in.expectEnd();
        }
    }

    /** Others have all places when the kernel has cut its connections, and the process makes new ones for it. */
    @Test
    void theProcessItselfHasPlacesThatNobodyElseCanTake() throws IOException {
        SocketAddress unix = UnixDomainSocketAddress.of(directory.resolve("s"));
        SocketAddress tcp = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        Limits limits = Limits.DEFAULT.withConnections(2).withPreparedMemory(1 << 20);
        try (NbdServer server = new NbdServer(
                List.of(export), List.of(Endpoint.plain(unix), Endpoint.plain(tcp)), limits, ClientListener.NONE)) {
            server.start();
            SocketAddress others = server.addresses().get(1);
            try (RawClient _ = RawClient.attached(others, "x", false);
                    RawClient _ = RawClient.attached(others, "x", false);
                    RawClient refused = new RawClient(others)) {
                refused.in.expectEnd();
                RawClient first = RawClient.attached(unix, "x", false);
                try (first;
                        RawClient second = RawClient.attached(unix, "x", false);
                        RawClient third = new RawClient(unix)) {
                    third.in.expectEnd();
                    for (RawClient served : List.of(first, second)) {
                        served.send(new Bytes().write(1, 0, (byte) 7));
                        served.in.expect(1, 0);
                    }
                }
            }
        }
    }

    /** A client that asks for much and reads nothing does not hold its handshake open. */
    @Test
    void aHandshakeThatNeverReadsIsClosed() throws IOException {
        MemoryExport[] exports = new MemoryExport[60];
        for (int i = 0; i < exports.length; i++) {
            exports[i] = new MemoryExport(i + "x".repeat(4000), 4096);
        }
        Limits limits = Limits.DEFAULT.withHandshake(HANDSHAKE);
        try (TestServer server = new TestServer(directory, limits, exports);
                RawClient client = new RawClient(server.address)) {
            Bytes lists = new Bytes().u32(3);
            for (int i = 0; i < 60; i++) {
                lists.option(NBD_OPT_LIST);
            }
            client.send(lists);
            TestServer.await(() -> server.server.connections() == 0);
        }
    }

    @Test
    void anAttachedClientMayBeIdle() throws IOException {
        try (TestServer server = serve(Limits.DEFAULT.withHandshake(HANDSHAKE));
                RawClient client = server.attach()) {
            LockSupport.parkNanos(HANDSHAKE.plusMillis(200).toNanos());
            client.send(new Bytes().read(1, 0, 1));
            client.in.expectData(1, new byte[1]);
        }
    }

    @Test
    void garbageHarmsNobody() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        try (TestServer server = serve(Limits.DEFAULT);
                RawClient good = server.attach()) {
            for (int i = 0; i < 200; i++) {
                try (RawClient bad = random.nextBoolean() ? new RawClient(server.address) : server.attach()) {
                    bad.send(garbage(random));
                    bad.channel.shutdownOutput();
                    Thread drain = Thread.ofPlatform().start(() -> drain(bad));
                    good.send(new Bytes().read(i, 0, 1));
                    good.in.expect(i, 0);
                    good.in.bytes(1);
                    TestServer.await(() -> !drain.isAlive());
                } catch (IOException e) {
                    assertFalse(e instanceof java.io.EOFException, "seed " + seed);
                }
            }
        }
    }

    /** Requests and options with random fields, and random bytes. */
    private static Bytes garbage(Random random) {
        Bytes bytes = new Bytes();
        for (int i = 0; i < 20; i++) {
            byte[] data = new byte[random.nextInt(50)];
            random.nextBytes(data);
            switch (random.nextInt(10)) {
                case 0 -> bytes.raw(data);
                case 1 -> bytes.u32(3);
                case 2, 3 -> bytes.option(random.nextInt(12), data);
                default ->
                    bytes.request(
                            random.nextInt(9),
                            random.nextInt(4) == 0 ? random.nextInt() : 0,
                            random.nextLong(),
                            random.nextBoolean() ? random.nextInt(SIZE) : random.nextLong(),
                            random.nextBoolean() ? random.nextInt(5000) : random.nextInt(),
                            data);
            }
        }
        return bytes;
    }

    private static void drain(RawClient client) {
        try {
            client.in.skipToEnd();
        } catch (IOException e) {
            assertTrue(client.channel.isOpen());
        }
    }

    /** To leave then costs the kernel no request that it would have to time out first. */
    @Test
    void aMomentIsQuietWhenAllThatCameIsAnswered() throws IOException {
        Semaphore reads = export.slow(0, 1).holdReads();
        try (TestServer server = serve(Limits.DEFAULT);
                RawClient client = server.attach();
                RawClient idle = server.attach()) {
            assertTrue(server.server.awaitQuiet(Duration.ofSeconds(20)));
            client.send(new Bytes().read(1, 0, 1));
            TestServer.await(() -> export.slowReads.get() == 1);
            assertFalse(server.server.awaitQuiet(Duration.ofMillis(20)), "a read waits for the disk");
            reads.release();
            assertTrue(server.server.awaitQuiet(Duration.ofSeconds(20)));
            client.in.expectData(1, new byte[1]);
            byte[] half = new Bytes().write(2, 8192, new byte[10]).array();
            idle.send(new Bytes().raw(Arrays.copyOf(half, half.length - 1)));
            TestServer.await(() -> !server.server.awaitQuiet(Duration.ZERO));
            idle.send(new Bytes().raw(new byte[1]));
            idle.in.expect(2, 0);
            assertTrue(server.server.awaitQuiet(Duration.ofSeconds(20)));
        }
    }

    @Test
    void shutdownFinishesWhatIsInFlightAndRefusesTheRest() throws Exception {
        Semaphore reads = export.slow(0, 1).holdReads();
        try (TestServer server = serve(Limits.DEFAULT);
                RawClient client = server.attach()) {
            client.send(new Bytes().read(1, 0, 1));
            TestServer.await(() -> export.slowReads.get() == 1);
            var gone = CompletableFuture.supplyAsync(() -> server.server.shutdown(Duration.ofSeconds(20)));
            TestServer.await(() -> !Files.exists(directory.resolve("s")));
            client.send(new Bytes().write(2, 0, new byte[10]));
            client.in.expect(2, NBD_ESHUTDOWN);
            reads.release();
            client.in.expectData(1, new byte[1]);
            client.send(new Bytes().disconnect());
            client.in.expectEnd();
            assertTrue(gone.get());
        }
    }

    @Test
    void shutdownClosesWhoStaysAfterTheGracePeriod() throws IOException {
        try (TestServer server = serve(Limits.DEFAULT);
                RawClient attached = server.attach();
                RawClient handshaking = new RawClient(server.address)) {
            handshaking.in.greeting();
            assertFalse(server.server.shutdown(Duration.ofMillis(50)));
            attached.in.expectEnd();
            handshaking.in.expectEnd();
        }
    }

    @Test
    void shutdownIsNotHeldUpByAClientThatNeverReads() throws IOException {
        export.slow(0, SIZE / 2);
        try (TestServer server = serve(Limits.DEFAULT);
                RawClient deaf = server.attach()) {
            Bytes reads = new Bytes();
            for (int i = 0; i < 400; i++) {
                reads.read(i, i * 4096L, 65_536);
            }
            deaf.send(reads);
            TestServer.await(() -> export.slowReads.get() > 2);
            assertFalse(server.server.shutdown(Duration.ofMillis(50)));
            assertEquals(0, server.server.memoryInUse());
        }
    }

    @Test
    void whenALossIsToldItsMemoryIsThereForTheNext() throws Exception {
        var inUse = new CompletableFuture<Long>();
        var servers = new NbdServer[1];
        ClientListener listener = new ClientListener() {
            @Override
            public void left(String name, PeerCredentials peer, boolean saidGoodbye) {
                inUse.complete(servers[0].memoryInUse());
            }
        };
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory.resolve("l"));
        servers[0] = new NbdServer(
                List.of(export),
                List.of(Endpoint.plain(address)),
                Limits.DEFAULT.withPreparedMemory(1 << 20),
                listener);
        try (NbdServer server = servers[0]) {
            server.start();
            try (RawClient client = RawClient.attached(address, "", false)) {
                client.send(new Bytes().write(1, 0, new byte[512]));
                client.in.expect(1, 0);
            }
            assertEquals(0, inUse.get());
        }
    }
}
