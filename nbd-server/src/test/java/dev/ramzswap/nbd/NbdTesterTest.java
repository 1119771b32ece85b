package dev.ramzswap.nbd;

import static dev.ramzswap.nbd.wire.Protocol.*;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.config.Config;
import dev.ramzswap.config.Host;
import dev.ramzswap.config.Settings;
import dev.ramzswap.daemon.Attachments;
import dev.ramzswap.daemon.Daemon;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the tester of the nbd project (nbd-tester-client) does, on the whole server with a pool too small for the
 * device. Its client knows no more than EXPORT_NAME.
 */
@Timeout(60)
class NbdTesterTest {
    private static final int SIZE = 4 << 20;
    private static final int UNIT = 1 << 10;
    private static final int IN_FLIGHT = 64;
    private static final int UNKNOWN_OPTION = 0x7654321;

    @TempDir
    private Path directory;

    private Daemon daemon;
    private SocketAddress address;

    @BeforeEach
    void serve() throws Exception {
        Path socket = directory.resolve("s");
        address = UnixDomainSocketAddress.of(socket);
        var settings = new Settings();
        settings.flag("socket", socket.toString());
        settings.flag("size", Integer.toString(SIZE));
        settings.flag("limit", "1M");
        settings.flag("backing-file", directory.resolve("backing").toString());
        Host current = Host.current();
        Map<String, String> variables =
                Map.of("RAMZSWAP_RUNTIME_DIR", directory.resolve("run").toString());
        Host host = new Host(current.memory(), current.uid(), variables);
        daemon = Daemon.start(Config.of(settings, host), host, Attachments.NONE, _ -> {});
    }

    @AfterEach
    void stop() {
        daemon.close();
    }

    private RawClient attach() throws IOException {
        RawClient client = new RawClient(address);
        client.in.greeting();
        client.send(new Bytes().u32(NBD_FLAG_C_FIXED_NEWSTYLE).option(NBD_OPT_EXPORT_NAME));
        assertEquals(SIZE, client.in.u64());
        assertTrue((client.in.u16() & NBD_FLAG_HAS_FLAGS) != 0);
        assertArrayEquals(new byte[124], client.in.bytes(124));
        return client;
    }

    /** In each 16 KiB, the 4th write has FUA, and a FLUSH comes before the 12th. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void throughputInUnitsOf1KiB(boolean flushes) throws IOException {
        byte[] content = Bytes.random(1, SIZE);
        try (RawClient client = attach()) {
            Set<Long> open = new HashSet<>();
            long flush = SIZE;
            for (int at = 0; at < SIZE; at += UNIT) {
                int ofSixteen = at / UNIT % 16;
                int flags = flushes && ofSixteen == 3 ? NBD_CMD_FLAG_FUA : 0;
                Bytes requests = new Bytes();
                if (flushes && ofSixteen == 11) {
                    requests.request(NBD_CMD_FLUSH, 0, flush, 0, 0);
                    open.add(flush++);
                }
                byte[] unit = Arrays.copyOfRange(content, at, at + UNIT);
                client.send(requests.request(NBD_CMD_WRITE, flags, at, at, UNIT, unit));
                open.add((long) at);
                while (open.size() > IN_FLIGHT) {
                    expectOneOf(open, client);
                }
            }
            while (!open.isEmpty()) {
                expectOneOf(open, client);
            }
            for (int at = 0; at < SIZE; at += UNIT) {
                client.send(new Bytes().read(at, at, UNIT));
                client.in.expectData(at, Arrays.copyOfRange(content, at, at + UNIT));
            }
        }
    }

    private static void expectOneOf(Set<Long> open, RawClient client) throws IOException {
        ServerBytes.SimpleReply reply = client.in.simpleReply();
        assertEquals(0, reply.error());
        assertTrue(open.remove(reply.cookie()), () -> "nobody asked for " + reply);
    }

    /** More than its 1 MiB of buffer, by half a request; it hangs on a server that is not exact to the byte. */
    @Test
    void oversize() throws IOException {
        byte[] content = Bytes.random(2, SIZE);
        try (RawClient client = attach()) {
            for (int at = 0; at < SIZE; at += 1 << 20) {
                client.send(new Bytes().write(at, at, Arrays.copyOfRange(content, at, at + (1 << 20))));
                client.in.expect(at, 0);
            }
            int[] lengths = {1 << 20, 1_048_590, 2_097_180};
            for (int offset = 0; offset < lengths.length; offset++) {
                client.send(new Bytes().read(offset, offset, lengths[offset]));
                client.in.expectData(offset, Arrays.copyOfRange(content, offset, offset + lengths[offset]));
            }
            client.send(new Bytes().disconnect());
            client.in.expectEnd();
        }
    }

    @Test
    void handshakeWithAnUnknownOption() throws IOException {
        try (RawClient client = new RawClient(address)) {
            client.in.greeting();
            client.send(new Bytes().u32(NBD_FLAG_C_FIXED_NEWSTYLE).option(UNKNOWN_OPTION));
            ServerBytes.OptionReply unknown = client.in.optionReply();
            assertEquals(UNKNOWN_OPTION, unknown.option());
            assertEquals(NBD_REP_ERR_UNSUP, unknown.type());
            client.send(new Bytes().option(NBD_OPT_LIST));
            ServerBytes.OptionReply server = client.in.optionReply();
            assertEquals(NBD_REP_SERVER, server.type());
            assertEquals(NBD_REP_ACK, client.in.optionReply().type());
            client.send(new Bytes().option(NBD_OPT_ABORT));
            assertEquals(NBD_REP_ACK, client.in.optionReply().type());
            client.in.expectEnd();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 0})
    void integrityOfAMixedTrace(long fixed) throws Exception {
        long seed = fixed != 0 ? fixed : Long.getLong("ramzswap.seed", System.nanoTime());
        System.out.println("trace of -Dramzswap.seed=" + seed);
        int blocks = SIZE / Trace.BLOCK;
        try (RawClient client = attach()) {
            int inFlight = new TraceReplay(client, blocks).run(Trace.of(seed, 4_000, blocks));
            assertTrue(inFlight > 8, () -> "in flight at most: " + inFlight);
        }
    }

    @Test
    void aBlockOfAnotherWriterWouldBeNoticed() throws IOException {
        MemoryExport export = new MemoryExport("x", 1 << 20);
        int block = 99;
        export.content[block * Trace.BLOCK + 7] = 1;
        Path own = Files.createDirectory(directory.resolve("own"));
        try (TestServer server = new TestServer(own, Limits.DEFAULT, export);
                RawClient client = server.attach()) {
            var replay = new TraceReplay(client, (1 << 20) / Trace.BLOCK);
            var error = assertThrows(AssertionError.class, () -> replay.run(List.of()));
            assertTrue(error.getCause().getMessage().contains("byte 7 of block " + block), error::toString);
        }
    }
}
