package dev.ramzswap.backing;

import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;

/** Opens the device of a backing file, or, if that cannot serve, what can still be read of what was stored there. */
final class Devices {
    private static final System.Logger LOG = System.getLogger(Devices.class.getName());

    /** More than a takeover waits for the lock of who has just ended, and less than the kernel waits for a page. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    /** Opens the device of a backing file; tests have others than {@link Devices#open}. */
    interface Opener {
        BlockDevice open(BackingConfig config) throws IOException;
    }

    private Devices() {}

    /**
     * Opens and locks the device, and reserves a plain file; what is left of it, if an earlier daemon had begun it and
     * it cannot serve. It has room for what the table is made for. What an earlier daemon had begun may still be opened
     * when this returns: somebody waits for what it has left in memory.
     *
     * @throws IOException with a message for the user, if it cannot serve and nothing is there
     */
    static BlockDevice open(BackingConfig config) throws IOException {
        Path path = config.path();
        Label label = Label.of(config.key());
        long capacity = capacityOf(config);
        return switch (config.claim()) {
            case ANY -> FileDevice.open(path, capacity, label, NativeFile::open);
            case BLANK -> FileDevice.openBlank(path, capacity, label, NativeFile::open);
            case OWN -> ComingDevice.open(path, () -> reopen(path, capacity, label), PATIENCE);
        };
    }

    private static BlockDevice reopen(Path path, long capacity, Label label) {
        try {
            return FileDevice.reopen(path, capacity, label, NativeFile::open);
        } catch (IOException e) {
            LOG.log(
                    Level.ERROR,
                    "the backing file cannot be used: what can still be read of it is, all else in it is lost, and"
                            + " nothing is written to it until the export begins anew: " + e.getMessage());
            return new LostDevice(path);
        }
    }

    /** What a table is made for: at a takeover, whatever the device says now, that is what is in use of it. */
    static long capacityOf(BackingConfig config) {
        return config.table().byteSize() / Long.BYTES * BackingFile.SEGMENT_BYTES;
    }
}
