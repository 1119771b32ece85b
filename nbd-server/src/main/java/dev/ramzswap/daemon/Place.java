package dev.ramzswap.daemon;

import dev.ramzswap.closing.Closing;
import dev.ramzswap.config.Config;
import dev.ramzswap.config.ExportConfig;
import dev.ramzswap.linux.ErrnoException;
import dev.ramzswap.linux.NativeFile;
import dev.ramzswap.store.StoreState;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The locks that are the place of a {@link Standby}: {@code NAME.standby} of each of its exports, all or none. */
final class Place implements Closeable {
    private static final String SUFFIX = ".standby";

    private final List<ExportConfig> exports;
    /** In the same order. */
    private final List<NativeFile> files = new ArrayList<>();

    Place(Config config) throws IOException {
        exports = config.exports();
        try {
            for (Path path : paths(config, SUFFIX)) {
                files.add(NativeFile.open(path, NativeFile.O_RDWR | NativeFile.O_CREAT));
            }
        } catch (IOException e) {
            Closing.after(e, this);
            throw e;
        }
    }

    /**
     * Takes all of it, or none.
     *
     * @param patience with who has one of the locks
     * @return whether it has it now
     */
    boolean tryTake(Duration patience) throws ErrnoException {
        boolean isWhole = false;
        try {
            isWhole = areLocked(patience);
        } finally {
            if (!isWhole) {
                leave();
            }
        }
        return isWhole;
    }

    private boolean areLocked(Duration patience) throws ErrnoException {
        for (NativeFile file : files) {
            if (!file.tryLock(patience)) {
                return false;
            }
        }
        return true;
    }

    /** Gives up what it has of it, and can take it again. */
    void leave() throws ErrnoException {
        for (NativeFile file : files) {
            file.unlock();
        }
    }

    /** The same of all other exports than those of these names. */
    void leaveAllBut(Set<String> names) throws ErrnoException {
        for (int i = 0; i < files.size(); i++) {
            if (!names.contains(exports.get(i).name())) {
                files.get(i).unlock();
            }
        }
    }

    @Override
    public void close() throws IOException {
        for (NativeFile file : files) {
            file.close();
        }
    }

    /**
     * Whether others have all parts of it.
     *
     * @throws IOException also if one of them has never been there
     */
    static boolean isTakenIn(Config config) throws IOException {
        for (Path path : paths(config, SUFFIX)) {
            try (NativeFile file = NativeFile.open(path, NativeFile.O_RDWR)) {
                if (file.tryLock()) {
                    return false;
                }
            }
        }
        return true;
    }

    /** A file of each export in the state directory. */
    static List<Path> paths(Config config, String suffix) throws IOException {
        Path directory = StoreState.makeDirectory(config.stateDir().orElseThrow());
        return config.exports().stream()
                .map(ExportConfig::name)
                .map(name -> directory.resolve(name + suffix))
                .toList();
    }
}
