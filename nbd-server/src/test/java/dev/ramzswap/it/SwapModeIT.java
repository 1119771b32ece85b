package dev.ramzswap.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.nbd.client.LoopbackClient;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a guarded daemon does once it is warm. That it is locked and marked is seen where it may be: in a guest, by the
 * end-to-end tests; {@code --unsafe} lets it run without the capabilities here.
 */
class SwapModeIT {
    private static final int SLOT_BYTES = 4096;
    private static final int BATCH = 64;
    private static final int REQUESTS = 1_000_000;

    @TempDir
    Path directory;

    @Test
    void aMillionRequestsLoadNoClassAndCollectNoGarbage() throws IOException, InterruptedException {
        Path log = directory.resolve("jvm.log");
        String logging = "-Xlog:class+load,gc:file=" + log;
        try (DaemonProcess daemon =
                        DaemonProcess.startWith(logging, directory, "--size", "256M", "--swap", "--unsafe");
                LoopbackClient client = new LoopbackClient(UnixDomainSocketAddress.of(daemon.socket()), "")) {
            // Until the connection is served, its threads may still begin.
            client.read(0, SLOT_BYTES);
            assertEquals(0, client.exchange(1));
            List<String> before = Files.readAllLines(log);
            assertTrue(before.size() > 500, "the log has " + before.size() + " lines");
            int failures = play(client);
            List<String> after = Files.readAllLines(log);
            assertEquals(List.of(), after.subList(before.size(), after.size()));
            assertEquals(0, failures);
        }
    }

    private static int play(LoopbackClient client) throws IOException {
        SplittableRandom random = new SplittableRandom(1);
        ByteBuffer page = ByteBuffer.allocateDirect(SLOT_BYTES);
        int failures = 0;
        for (int done = 0; done < REQUESTS; done += 2 * BATCH) {
            for (int i = 0; i < 100; i++) {
                page.putLong(i * 8, random.nextLong());
            }
            for (int i = 0; i < BATCH; i++) {
                client.write(anySlot(random), page, 0, SLOT_BYTES);
            }
            failures += client.exchange(BATCH);
            for (int i = 0; i < BATCH; i++) {
                client.read(anySlot(random), SLOT_BYTES);
            }
            failures += client.exchange(BATCH);
        }
        return failures;
    }

    private static long anySlot(SplittableRandom random) {
        return (long) random.nextInt(1 << 16) * SLOT_BYTES;
    }
}
