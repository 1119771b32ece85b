package dev.ramzswap.backing;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** A backing file whose disk does not answer at a takeover, and then has nothing. */
public final class LostLater {
    private LostLater() {}

    public static BackingFile open(BackingConfig config, CountDownLatch answer) throws IOException {
        return BackingFile.open(config, opened -> coming(opened.path(), answer), Delays.STANDARD);
    }

    private static BlockDevice coming(Path path, CountDownLatch answer) throws IOException {
        return ComingDevice.open(
                path,
                () -> {
                    answer.await();
                    return new LostDevice(path.resolveSibling("none"));
                },
                Duration.ZERO);
    }
}
