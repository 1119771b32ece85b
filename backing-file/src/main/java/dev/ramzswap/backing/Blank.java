package dev.ramzswap.backing;

import static dev.ramzswap.backing.BlockDevice.ALIGNMENT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.ramzswap.linux.LastingException;
import dev.ramzswap.linux.NativeFile;
import dev.ramzswap.linux.Progress;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * Whether a file or device is blank, so that a mistyped path costs nobody his data. It is not asked what formats there
 * are, since some leave their first 64 KiB empty or lie at the end, and others are known to no list: what is not zero
 * is somebody's.
 *
 * <p>Of a file, all data is looked at; holes, and what was reserved and never written, are none. A block device would
 * take too long: there it is the first and the last {@value #END_BYTES} bytes, where all that libblkid knows has a
 * superblock, a table or a label, the last of the second headers of LUKS2 included (8 MiB).
 */
final class Blank {
    static final int END_BYTES = 8 << 20;

    /**
     * What a backing file leaves as it is at the end of a device: zeroes. A superblock that lies nowhere else than
     * there is noticed by that, although the label in front is whole: of Linux RAID 0.90 and 1.0, DRBD, and the RAID of
     * controllers, of which that of Promise begins up to 3,087 sectors before the end.
     */
    static final int UNUSED_BYTES = 2 << 20;

    private static final int PIECE_BYTES = 1 << 20;

    private final NativeFile file;
    private final MemorySegment buffer;
    private final Progress progress;

    private Blank(NativeFile file, Path path, Arena arena) throws IOException {
        this.file = file;
        this.progress = new Progress("reading " + path + ", to see whether it is blank", file.size());
        this.buffer = arena.allocate(PIECE_BYTES, ALIGNMENT);
    }

    /** @throws IOException with a message for the user, if the file has anything but zeroes */
    static void requireFile(NativeFile file, Path path) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            if (!new Blank(file, path, arena).isFileZero()) {
                throw refusal(path, find(file), "rm " + quoted(path));
            }
        }
    }

    /** @throws IOException with a message for the user, if one of the device's ends has anything but zeroes */
    static void requireDevice(NativeFile device, Path path) throws IOException {
        long size = device.size();
        if (!isZero(device, path, 0, Math.min(END_BYTES, size))
                || !isZero(device, path, Math.max(size - END_BYTES, 0), size)) {
            throw refusal(path, find(device), wipe(device, path));
        }
    }

    /**
     * The same of a device that is a backing file, of what that leaves as it is.
     *
     * @param content what the device has, if there is anything but zeroes, and no common format
     * @throws IOException with a message for the user, if there is anything but zeroes
     */
    static void requireEnd(NativeFile device, Path path, String content) throws IOException {
        long size = device.size();
        if (!isZero(device, path, Math.max(size - UNUSED_BYTES, 0), size)) {
            throw refusal(path, Signature.findForeign(device).orElse(content), wipe(device, path));
        }
    }

    private static boolean isZero(NativeFile device, Path path, long begin, long end) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            return new Blank(device, path, arena).isZero(begin, end);
        }
    }

    private static String find(NativeFile file) throws IOException {
        return Signature.find(file).orElse("other content");
    }

    private static String wipe(NativeFile device, Path path) throws IOException {
        String wipe = "dd if=/dev/zero of=" + quoted(path) + " bs=8M count=1";
        return "wipe its first and last 8 MiB: " + wipe + "; " + wipe + " oflag=seek_bytes seek="
                + Math.max(device.size() - END_BYTES, 0);
    }

    private static IOException refusal(Path path, String content, String cure) {
        return new LastingException(path + " holds " + content
                + ", which would be overwritten: give another path, or, if nobody needs it, " + cure);
    }

    /** For a shell. */
    private static String quoted(Path path) {
        String text = path.toString();
        return text.matches("[\\w./@%+=:,-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
    }

    private boolean isFileZero() throws IOException {
        long size = file.size();
        long end;
        for (long at = file.nextData(0); at < size; at = file.nextData(end)) {
            end = file.nextHole(at);
            if (!isZero(at / ALIGNMENT * ALIGNMENT, end)) {
                return false;
            }
        }
        return true;
    }

    private boolean isZero(long begin, long end) throws IOException {
        int read;
        for (long at = begin; at < end; at += read) {
            read = file.read(buffer, (int) Math.min(PIECE_BYTES, roundUp(end - at)), at);
            if (read <= 0) {
                throw new IOException("nothing can be read at " + at + " of " + file + ": it has become smaller");
            }
            if (!isBufferZero(read)) {
                return false;
            }
            progress.at(at + read);
        }
        return true;
    }

    private boolean isBufferZero(int bytes) {
        // An odd end is made a whole word.
        buffer.asSlice(bytes, Math.min(Long.BYTES, PIECE_BYTES - bytes)).fill((byte) 0);
        for (int at = 0; at < bytes; at += Long.BYTES) {
            if (buffer.get(JAVA_LONG_UNALIGNED, at) != 0) {
                return false;
            }
        }
        return true;
    }

    private static long roundUp(long bytes) {
        return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
    }
}
