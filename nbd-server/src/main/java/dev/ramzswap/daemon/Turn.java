package dev.ramzswap.daemon;

import dev.ramzswap.config.Config;
import dev.ramzswap.linux.Errno;
import dev.ramzswap.linux.ErrnoException;
import dev.ramzswap.linux.LockedFiles;
import dev.ramzswap.linux.NativeFile;
import dev.ramzswap.store.StoreState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Waits for the state of a {@link Standby}'s exports. For that of one, the kernel wakes it within microseconds. Of
 * several, a third daemon may serve some: whose pages wait is not to wait for that one's end, and so it looks at all of
 * them again and again.
 */
final class Turn {
    private static final Duration LOOK = Duration.ofMillis(100);

    /** Who serves several exports, and ends in order, lets go of one after the other. */
    private static final Duration REST = Duration.ofSeconds(5);

    private final Config config;

    Turn(Config config) {
        this.config = config;
    }

    /** @param beforeWaiting is run if somebody serves one of them */
    void await(Runnable beforeWaiting) throws IOException, InterruptedException {
        if (config.exports().size() == 1) {
            StoreState.awaitFree(config.exports().getFirst().store(config), beforeWaiting);
        } else {
            awaitAny(maps(), beforeWaiting);
        }
    }

    /** Those that are there, each with the lock of who serves the export. */
    private List<Path> maps() {
        return config.exports().stream()
                .map(export -> StoreState.files(config.stateDir().orElseThrow(), export.name())
                        .getFirst())
                .filter(Files::exists)
                .toList();
    }

    private static void awaitAny(List<Path> maps, Runnable beforeWaiting) throws IOException, InterruptedException {
        if (!areFree(maps, Duration.ZERO)) {
            beforeWaiting.run();
            while (!isAnyFree(maps)) {
                Thread.sleep(LOOK);
            }
            boolean unused = areFree(maps, REST);
        }
    }

    private static boolean isAnyFree(List<Path> maps) throws IOException {
        for (Path map : maps) {
            if (isFree(map, Duration.ZERO)) {
                return true;
            }
        }
        return false;
    }

    private static boolean areFree(List<Path> maps, Duration patience) throws IOException {
        for (Path map : maps) {
            if (!isFree(map, patience)) {
                return false;
            }
        }
        return true;
    }

    /** One that has gone is free, too. */
    private static boolean isFree(Path map, Duration patience) throws IOException {
        try {
            Optional<NativeFile> file = LockedFiles.tryOpenToRead(map, patience);
            if (file.isPresent()) {
                file.get().close();
            }
            return file.isPresent();
        } catch (ErrnoException e) {
            if (e.errno() == Errno.ENOENT) {
                return true;
            }
            throw e;
        }
    }
}
