package dev.ramzswap.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.nbd.export.ExportSession;
import dev.ramzswap.nbd.wire.Protocol;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server with two exports: {@link #target}, whose clients misbehave, and another one with a bystander. After each
 * test the bystander is served as before, the other export holds what it held, and the server has no more memory,
 * threads, sessions and sockets than before the abuse.
 */
@Timeout(60)
abstract class AbuseTest {
    /** More than the largest READ. */
    static final int SIZE = 33 << 20;

    /** Two buffers of 1 MiB, and what a slow lane has beside its parts: see {@link Limits}. */
    private static final long CONNECTION_BYTES = 2_800_000;

    /** Its own, and four of a slow lane. */
    private static final int CONNECTION_THREADS = 5;
    /** The channel's, and the fence's own. */
    private static final int CONNECTION_SOCKETS = 2;

    private static final long SETTLED_NANOS = 20_000_000_000L;

    final MemoryExport target = new MemoryExport("target", SIZE);

    private final MemoryExport other = new MemoryExport("other", 1 << 20);
    private final byte[] content = Bytes.random(1, 1 << 20);
    private final List<RawClient> abusers = new ArrayList<>();
    private RawClient bystander;
    private Usage before;

    @TempDir
    Path directory;

    TestServer server;

    @BeforeEach
    @Timeout(60)
    final void start() throws IOException {
        Limits limits = Limits.DEFAULT.withHandshake(handshakeLimit());
        server = new TestServer(directory, limits, target, other);
        bystander = RawClient.attached(server.address, "other", false);
        bystander.send(new Bytes().write(1, 0, content));
        bystander.in.expect(1, ExportSession.OK);
        before = Usage.of(server.server, target);
    }

    /** Longer than any test; shorter where a test waits for it. */
    Duration handshakeLimit() {
        return Duration.ofMinutes(1);
    }

    @AfterEach
    @Timeout(60)
    final void othersAreUntouchedAndNothingIsKept() throws IOException {
        try (TestServer _ = server;
                RawClient _ = bystander) {
            serveBystander();
            closeAbusers();
            long end = System.nanoTime() + SETTLED_NANOS;
            while (!before.equals(usage()) && System.nanoTime() - end < 0) {
                LockSupport.parkNanos(2_000_000);
            }
            assertEquals(before, usage());
            serveBystander();
            assertArrayEquals(content, other.content);
        }
        assertEquals(0, server.server.memoryInUse());
        TestServer.await(() -> TestServer.threads("nbd-") == 0);
    }

    /** As many sockets as before if they are fewer: the collector may have closed those that another test forgot. */
    private Usage usage() {
        Usage now = Usage.of(server.server, target);
        return now.sockets() < before.sockets() ? now.withSockets(before.sockets()) : now;
    }

    final void closeAbusers() throws IOException {
        for (RawClient abuser : abusers) {
            abuser.close();
        }
    }

    /** The client beside the abusers reads all of its export. */
    final void serveBystander() throws IOException {
        bystander.send(new Bytes().read(2, 0, content.length));
        bystander.in.expectData(2, content);
    }

    /** A client in its handshake, behind the greeting and its own flags. */
    final RawClient negotiating() throws IOException {
        RawClient abuser = connected();
        abuser.in.greeting();
        abuser.send(new Bytes().u32(Protocol.NBD_FLAG_C_FIXED_NEWSTYLE | Protocol.NBD_FLAG_C_NO_ZEROES));
        return abuser;
    }

    /** A client that has said nothing yet. */
    final RawClient connected() throws IOException {
        return remember(new RawClient(server.address));
    }

    final RawClient attached() throws IOException {
        return remember(RawClient.attached(server.address, "target", false));
    }

    final RawClient attachedStructured() throws IOException {
        return remember(RawClient.attached(server.address, "target", true));
    }

    private RawClient remember(RawClient abuser) {
        abusers.add(abuser);
        return abuser;
    }

    /** That so many abusers have no more than they may; all connections together have what {@link Limits} says. */
    final void assertBounded(int connections) {
        Usage now = Usage.of(server.server, target);
        Limits limits = Limits.DEFAULT;
        long parts = Math.min(connections * limits.connectionMemory(), limits.totalMemory());
        long memory = before.memory() + connections * CONNECTION_BYTES + parts;
        assertTrue(now.connections() <= before.connections() + connections, now::toString);
        assertTrue(now.memory() <= memory, () -> now + ", allowed are " + memory + " bytes");
        assertTrue(now.threads() <= before.threads() + (long) connections * CONNECTION_THREADS, now::toString);
        long sockets = CONNECTION_SOCKETS * connections + abusers.size();
        assertTrue(now.sockets() <= before.sockets() + sockets, now::toString);
    }

    /**
     * Waits until an abuser who asked for no payload has its buffers and nothing more; one before may be just ending.
     */
    final void assertNothingTaken() {
        TestServer.await(() -> server.server.memoryInUse() <= before.memory() + CONNECTION_BYTES);
    }
}
