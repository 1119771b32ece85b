package dev.ramzswap.nbd;

import static dev.ramzswap.nbd.wire.Protocol.*;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** In steady state, no thread of a connection allocates on the heap, however many requests it serves. */
@Timeout(60)
class AllocationTest {
    private static final int SLOTS = 1024;
    private static final int BATCH = 64;
    /** What all batches measured may allocate together, the JVM's own doings: less than one object for each batch. */
    private static final long NOISE = 16 << 10;

    private final MemoryExport export = new MemoryExport("x", SLOTS * 4096);

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theFastWay(boolean structured) throws IOException {
        measure(structured, 2_000);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theSlowLane(boolean structured) throws IOException {
        export.slow(0, export.size());
        measure(structured, 500);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void oneOfTwoConnections(boolean slow) throws IOException {
        export.slow(0, slow ? export.size() : 0);
        try (TestServer server = new TestServer(directory, Limits.DEFAULT, export);
                RawClient _ = server.attach()) {
            measure(server, false, 500);
        }
    }

    private void measure(boolean structured, int batches) throws IOException {
        try (TestServer server = new TestServer(directory, Limits.DEFAULT, export)) {
            measure(server, structured, batches);
        }
    }

    private void measure(TestServer server, boolean structured, int batches) throws IOException {
        try (RawClient client = RawClient.attached(server.address, "", structured)) {
            Bytes fill = new Bytes();
            for (int i = 0; i < BATCH; i++) {
                fill.write(i, i * 4096L, Bytes.random(i, 4096));
            }
            ByteBuffer in = ByteBuffer.allocateDirect(1 << 20);
            run(client, direct(fill), BATCH * 16, in, 1); // a slot that was never written would be answered as a hole
            ByteBuffer requests = direct(mixed(fill));
            int replies = BATCH * 16 + BATCH / 2 * (structured ? 28 + 4096 : 16 + 4096) + BATCH * 16;
            run(client, requests, replies, in, batches);
            long before = allocated();
            run(client, requests, replies, in, batches);
            long bytes = allocated() - before;
            assertTrue(bytes <= NOISE, bytes + " bytes for " + (long) batches * requests.capacity() + " bytes served");
        }
    }

    /** Writes to the first slots, then reads of half of them, trims and flushes elsewhere. */
    private static Bytes mixed(Bytes bytes) {
        for (int i = 0; i < BATCH / 2; i++) {
            bytes.read(i, i * 4096L, 4096);
            bytes.request(NBD_CMD_WRITE_ZEROES, 0, i, (BATCH + i) * 4096L, 5000);
            bytes.request(NBD_CMD_FLUSH, 0, i, 0, 0);
        }
        return bytes;
    }

    private static ByteBuffer direct(Bytes bytes) {
        byte[] array = bytes.array();
        return ByteBuffer.allocateDirect(array.length).put(array).flip();
    }

    private static void run(RawClient client, ByteBuffer requests, int replies, ByteBuffer in, int batches)
            throws IOException {
        for (int i = 0; i < batches; i++) {
            requests.rewind();
            while (requests.hasRemaining()) {
                client.channel.write(requests);
            }
            in.clear().limit(replies);
            while (in.hasRemaining()) {
                if (client.channel.read(in) < 0) {
                    throw new IOException("the server has closed the connection");
                }
            }
        }
    }

    private static long allocated() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().matches("nbd-\\d.*"))
                .mapToLong(thread -> threads.getThreadAllocatedBytes(thread.threadId()))
                .sum();
    }
}
