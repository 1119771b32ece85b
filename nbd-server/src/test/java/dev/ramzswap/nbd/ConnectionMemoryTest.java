package dev.ramzswap.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.linux.PeerCredentials;
import dev.ramzswap.nbd.lane.PartPool;
import dev.ramzswap.nbd.tls.TlsChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections of the kernel, which come when there may be no memory but by the pages that they bring. */
@Timeout(30)
class ConnectionMemoryTest {
    private static final int SIZE = 1 << 20;
    /** The most that swapon makes. */
    private static final int MOST = 16;

    private static final Limits LIMITS = Limits.DEFAULT.withPreparedMemory(4L * PartPool.PART_BYTES);

    private static final int SESSIONS_OF_CONNECTION = 5;
    /** A session of a store has one page, {@code SwapSession}. */
    private static final int SESSION_BYTES = 4096;

    private static final Path JVM_OPTIONS = Path.of("src/runtime/home/java.options");
    private static final Path LAUNCHER = Path.of("src/runtime/home/bin/ramzswap");
    private static final Pattern MAPPED_BYTES =
            Pattern.compile("^export MALLOC_MMAP_THRESHOLD_=(\\d+)$", Pattern.MULTILINE);
    private static final Pattern DIRECT_MIBS = Pattern.compile("^-XX:MaxDirectMemorySize=(\\d+)m$", Pattern.MULTILINE);

    private final MemoryExport export = new MemoryExport("x", SIZE).slow(0, SIZE);
    private final ConnectionMemory memory = new ConnectionMemory(LIMITS, 1);

    @TempDir
    private Path directory;

    /** Whether the kernel names other processes as who attached it. */
    private boolean areAttachers;

    private UnixDomainSocketAddress address;
    /** Where nobody is known to be of this process. */
    private SocketAddress others;

    @AfterEach
    void close() {
        memory.close();
    }

    private final class Kernel implements ClientListener {
        @Override
        public boolean mayBeAttacher(String export, PeerCredentials peer) {
            return areAttachers && peer != null;
        }
    }

    private NbdServer serve() throws IOException {
        address = UnixDomainSocketAddress.of(directory.resolve("s"));
        SocketAddress tcp = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        List<Endpoint> endpoints = List.of(Endpoint.plain(address), Endpoint.plain(tcp));
        var server = new NbdServer(new ExportTable(List.of(export)), endpoints, memory, new Kernel());
        server.start();
        others = server.addresses().get(1);
        return server;
    }

    /** As the kernel after a takeover, or when all of its connections were cut: they come, are used, and are gone. */
    private void useAndCut(NbdServer server, int connections) throws IOException {
        useAndCut(server, address, connections);
    }

    private void useAndCut(NbdServer server, SocketAddress at, int connections) throws IOException {
        int before = server.connections();
        List<RawClient> clients = use(at, connections);
        for (RawClient client : clients) {
            client.close();
        }
        TestServer.await(() -> server.connections() == before);
    }

    private List<RawClient> use(SocketAddress at, int connections) throws IOException {
        int sessions = export.sessions.get() + SESSIONS_OF_CONNECTION * connections;
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            clients.add(RawClient.attached(at, "", false));
        }
        TestServer.await(() -> export.sessions.get() == sessions);
        for (RawClient client : clients) {
            client.send(new Bytes().write(1, 0, new byte[SIZE / 2]).read(2, SIZE / 2, 4096));
            client.in.simpleReply();
        }
        return clients;
    }

    private void useAndCutByAnotherProcess(NbdServer server) throws IOException {
        int sessions = export.sessions.get() + SESSIONS_OF_CONNECTION * MOST;
        try (AttachingProcess _ = new AttachingProcess(address, MOST)) {
            TestServer.await(() -> export.sessions.get() == sessions);
        }
        TestServer.await(() -> server.connections() == 0);
    }

    @Test
    void aTakeoverFindsAllThatWasPreparedAndMakesNothing() throws IOException {
        memory.prepare(3);
        long made = memory.made();
        assertTrue(made > 0);
        try (NbdServer server = serve()) {
            useAndCut(server, 3);
        }
        assertEquals(made, memory.made());
    }

    @Test
    void afterACutOfAllEachFindsWhatOneBeforeHad() throws IOException {
        try (NbdServer server = serve()) {
            useAndCut(server, MOST);
            long made = memory.made();
            useAndCut(server, MOST);
            assertEquals(made, memory.made());
        }
    }

    /** The first ones are of swapon; those that come in their place are of the process itself. */
    @Test
    void whatTheFirstOnesHadIsThereForThoseInTheirPlace() throws IOException {
        areAttachers = true;
        try (NbdServer server = serve()) {
            useAndCutByAnotherProcess(server);
            long made = memory.made();
            useAndCut(server, MOST);
            assertEquals(made, memory.made());
        }
    }

    /** Such as nbdcopy that is interrupted: nobody's connections come in their place. */
    @Test
    void whatVisitorsLoseIsFreed() throws IOException {
        try (NbdServer server = serve()) {
            useAndCutByAnotherProcess(server);
            assertEquals(0, memory.spareBytes());
            areAttachers = true;
            useAndCut(server, others, MOST);
            assertEquals(0, memory.spareBytes());
        }
    }

    /** Of swapoff after a takeover: those of the next swapon are not this process's. */
    @Test
    void nothingIsKeptOfTheKernelsOwnThatSaidGoodbye() throws IOException {
        memory.prepare(3);
        try (NbdServer server = serve()) {
            sayGoodbye(server, use(address, 3));
            assertEquals(0, memory.spareBytes());
        }
    }

    /** By an offer that the kernel does not take yet, it loses nothing of what the next one needs. */
    @Test
    void whatIsOfferedInVainIsKept() throws IOException {
        memory.prepare(1);
        long each = memory.spareBytes();
        memory.prepare(0);
        try (NbdServer server = serve()) {
            RawClient.attached(address, "", false).close();
            TestServer.await(() -> server.connections() == 0 && memory.spareBytes() == each);
        }
    }

    private static void sayGoodbye(NbdServer server, List<RawClient> clients) throws IOException {
        for (RawClient client : clients) {
            client.send(new Bytes().disconnect());
        }
        TestServer.await(() -> server.connections() == 0);
    }

    /** They may be there when the kernel lacks a connection, and stay for as long as they like. */
    @Test
    void visitorsTakeNothingOfIt() throws IOException {
        memory.prepare(3);
        try (NbdServer server = serve()) {
            List<RawClient> visitors = use(others, 5);
            long made = memory.made();
            useAndCut(server, 3);
            assertEquals(made, memory.made());
            for (RawClient visitor : visitors) {
                visitor.close();
            }
        }
    }

    /** Visitors such as nbdinfo, which shake hands and go, or nbdcopy, which says good-bye. */
    @Test
    void nothingIsKeptOfVisitors() throws IOException {
        memory.prepare(3);
        long spare = memory.spareBytes();
        try (NbdServer server = serve()) {
            for (int i = 0; i < 60; i++) {
                new RawClient(others).close();
            }
            sayGoodbye(server, use(others, 3));
            assertEquals(spare, memory.spareBytes());
        }
    }

    /** What is smaller stays in malloc's heap when it is freed, and locked, so that it cannot be trimmed. */
    @Test
    void allThatAConnectionHasIsLargeEnoughToBeUnmapped() throws IOException {
        int threshold = Integer.parseInt(found(MAPPED_BYTES, LAUNCHER));
        for (int bytes : ConnectionMemory.buffers(Limits.SWAP.preparedMemory())) {
            assertTrue(bytes >= threshold, () -> bytes + " bytes");
        }
    }

    /** A standby whose device is detached, or has fewer connections now. */
    @Test
    void whatIsPreparedForFewerIsGivenBack() {
        memory.prepare(1);
        long each = memory.spareBytes();
        assertTrue(each > 2 << 20);
        memory.prepare(12);
        assertEquals(12 * each, memory.spareBytes());
        memory.prepare(3);
        assertEquals(3 * each, memory.spareBytes());
        memory.prepare(0);
        assertEquals(0, memory.spareBytes());
        memory.prepare(1000);
        assertEquals((MOST + 1) * each, memory.spareBytes());
    }

    @Test
    void eachExportMayBeADeviceOfItsOwn() {
        memory.prepare(1);
        try (ConnectionMemory ofTwo = new ConnectionMemory(LIMITS, 2)) {
            ofTwo.prepare(1000);
            assertEquals((2 * MOST + 1) * memory.spareBytes(), ofTwo.spareBytes());
        }
    }

    @Test
    void aServerThatMakesItAtNeedPreparesNone() {
        try (ConnectionMemory atNeed = new ConnectionMemory(Limits.DEFAULT, 1)) {
            atNeed.prepare(3);
            assertEquals(0, atNeed.made());
        }
    }

    /** With every place taken, this process's own too, and all reserved besides that may be. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 8, 1000})
    void theJvmAllowsWhatTheLimitsPromise(int exports) throws IOException {
        try (ConnectionMemory ofSwap = new ConnectionMemory(Limits.SWAP, exports)) {
            ofSwap.prepare(1);
            long each = ofSwap.spareBytes();
            long besides = SESSIONS_OF_CONNECTION * SESSION_BYTES + TlsChannel.MEMORY_BYTES;
            long all = (Limits.SWAP.connections() + ofSwap.spareConnections()) * (each + besides)
                    + ofSwap.spareConnections() * each;
            assertTrue(all <= allowedByTheJvm(), () -> all + " bytes of connections");
        }
    }

    private static long allowedByTheJvm() throws IOException {
        return Long.parseLong(found(DIRECT_MIBS, JVM_OPTIONS)) << 20;
    }

    private static String found(Pattern pattern, Path file) throws IOException {
        var matcher = pattern.matcher(Files.readString(file));
        assertTrue(matcher.find());
        return matcher.group(1);
    }
}
