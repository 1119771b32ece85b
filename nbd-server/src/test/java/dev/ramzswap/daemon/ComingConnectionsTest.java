package dev.ramzswap.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ramzswap.nbd.ConnectionMemory;
import dev.ramzswap.nbd.Limits;
import dev.ramzswap.nbd.TestServer;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ComingConnectionsTest {
    private static final Limits LIMITS = Limits.DEFAULT.withPreparedMemory(1 << 20);
    private static final int SILENT = -1;

    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicInteger looks = new AtomicInteger();

    private int look() throws IOException {
        looks.incrementAndGet();
        if (connections.get() == SILENT) {
            throw new IOException("a device that goes away");
        }
        return connections.get();
    }

    /** And of the one that is rehearsed. */
    private static long bytesOf(int connections) {
        try (ConnectionMemory memory = new ConnectionMemory(LIMITS, 1)) {
            memory.prepare(connections + 1);
            return memory.spareBytes();
        }
    }

    private void awaitLooks(int more) {
        int before = looks.get();
        TestServer.await(() -> looks.get() >= before + more);
    }

    @Test
    void memoryIsThereForDevicesAsTheyComeAndChangeAndGo() {
        try (ConnectionMemory memory = new ConnectionMemory(LIMITS, 1);
                var _ = new ComingConnections(memory, this::look, Duration.ofMillis(1))) {
            awaitLooks(2);
            assertEquals(0, memory.made());
            connections.set(3);
            TestServer.await(() -> memory.spareBytes() == bytesOf(3));
            connections.set(SILENT);
            awaitLooks(2);
            assertEquals(bytesOf(3), memory.spareBytes());
            connections.set(2);
            TestServer.await(() -> memory.spareBytes() == bytesOf(2));
        }
    }
}
