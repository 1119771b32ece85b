package dev.ramzswap.backing;

import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.lang.System.Logger.Level;

/**
 * Opens the device of a backing file. A takeover never fails since it cannot serve: its owner would lose what lies
 * elsewhere, too.
 */
final class Devices {
    private static final System.Logger LOG = System.getLogger(Devices.class.getName());

    private Devices() {}

    /**
     * Opens and locks the device, and reserves a plain file; at a takeover what is left of it, if it cannot serve.
     *
     * @throws IOException with a message for the user, if it cannot serve and there is nothing to take over, here or
     *     elsewhere
     */
    static BlockDevice open(BackingConfig config) throws IOException {
        BlockDevice device;
        try {
            device = FileDevice.open(config.path(), config.bytes(), NativeFile::open);
        } catch (IOException e) {
            if (isNew(config)) {
                throw e;
            }
            return lost(config, e.getMessage());
        }
        if (isNew(config) || device.size() >= capacityOf(config)) {
            return device;
        }
        String reason = device + " has " + device.size() + " bytes, and " + capacityOf(config) + " are in use";
        device.close();
        return lost(config, reason);
    }

    private static boolean isNew(BackingConfig config) {
        return SegmentTable.isFresh(config.table()) && !config.isTakenOver();
    }

    private static BlockDevice lost(BackingConfig config, String reason) {
        LOG.log(
                Level.ERROR,
                "the backing file cannot be used: what can still be read of it is, all else in it is lost, and"
                        + " nothing is written to it until the export begins anew: " + reason);
        return new LostDevice(config.path(), capacityOf(config));
    }

    /** What a table is made for: at a takeover, whatever the device says now, that is what is in use of it. */
    static long capacityOf(BackingConfig config) {
        return config.table().byteSize() / Long.BYTES * BackingFile.SEGMENT_BYTES;
    }
}
