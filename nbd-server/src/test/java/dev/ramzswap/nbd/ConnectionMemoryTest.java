package dev.ramzswap.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.nbd.lane.PartPool;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Connections of the kernel, which come when there may be no memory but by the pages that they bring. */
@Timeout(30)
class ConnectionMemoryTest {
    private static final int SIZE = 1 << 20;
    /** The most that swapon makes. */
    private static final int MOST = 16;

    private static final Limits LIMITS = Limits.DEFAULT.withPreparedMemory(4L * PartPool.PART_BYTES);

    private static final int SESSIONS_OF_CONNECTION = 5;

    private final MemoryExport export = new MemoryExport("x", SIZE).slow(0, SIZE);
    private final ConnectionMemory memory = new ConnectionMemory(LIMITS, 1);

    @TempDir
    private Path directory;

    private UnixDomainSocketAddress address;

    @AfterEach
    void close() {
        memory.close();
    }

    private NbdServer serve() throws IOException {
        address = UnixDomainSocketAddress.of(directory.resolve("s"));
        var server = new NbdServer(
                new ExportTable(List.of(export)), List.of(Endpoint.plain(address)), memory, ClientListener.NONE);
        server.start();
        return server;
    }

    /** As the kernel after a takeover, or when all of its connections were cut: they come, are used, and are gone. */
    private void useAndCut(NbdServer server, int connections) throws IOException {
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            clients.add(RawClient.attached(address, "", false));
        }
        TestServer.await(() -> export.sessions.get() == SESSIONS_OF_CONNECTION * connections);
        for (RawClient client : clients) {
            client.send(new Bytes().write(1, 0, new byte[SIZE / 2]).read(2, SIZE / 2, 4096));
            client.in.simpleReply();
        }
        for (RawClient client : clients) {
            client.close();
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

    /** Visitors such as nbdinfo, which shake hands and go. */
    @Test
    void visitorsPushNothingOut() throws IOException {
        memory.prepare(1);
        long each = memory.spareBytes();
        memory.prepare(3);
        try (NbdServer server = serve()) {
            List<RawClient> clients = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                clients.add(new RawClient(address));
            }
            TestServer.await(() -> server.connections() == 60);
            for (RawClient client : clients) {
                client.close();
            }
            TestServer.await(() -> server.connections() == 0);
            useAndCut(server, MOST);
            long made = memory.made();
            useAndCut(server, MOST);
            assertEquals(made, memory.made());
            assertTrue(memory.spareBytes() <= (MOST + 1) * each, "of as many as the kernel has");
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
}
