package dev.ramzswap.backing;

import dev.ramzswap.linux.ErrnoException;
import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What is left of a backing file that a takeover cannot use: cut short, without its label, locked by somebody, on a
 * disk that fails, or gone. As much of it is read as can be, since records that are still there are known by their
 * owner's checksum; not from another export's backing file, whose records have such checksums too. Nothing is written,
 * since it may be somebody else's by now.
 */
final class LostDevice implements BlockDevice {
    private final Path path;

    /** Null if it cannot even be opened, or is another backing file by now. */
    private final NativeFile file;

    /** @param capacity bytes of records that there were, with the label behind them */
    LostDevice(Path path, long capacity, Label label) {
        this.path = path;
        this.file = openForReading(path, capacity, label);
    }

    private static NativeFile openForReading(Path path, long capacity, Label label) {
        try {
            // Nothing else: to open a pipe would wait for ever.
            if (!Files.isRegularFile(path) && !FileDevice.isBlockDevice(path)) {
                return null;
            }
            NativeFile file = openFile(path);
            if (!isAnothers(file, capacity, label)) {
                return file;
            }
            file.close();
        } catch (IOException e) {
            // It cannot be opened.
        }
        return null;
    }

    /** What cannot be read there is nobody's label. */
    private static boolean isAnothers(NativeFile file, long capacity, Label label) {
        try {
            return label.isAnothersAt(file, FileDevice.endOf(capacity))
                    || label.isAnothersAt(file, file.size() - Label.BYTES);
        } catch (IOException e) {
            return false;
        }
    }

    private static NativeFile openFile(Path path) throws ErrnoException {
        try {
            return NativeFile.open(path, NativeFile.O_RDONLY | NativeFile.O_DIRECT);
        } catch (ErrnoException e) {
            return NativeFile.open(path, NativeFile.O_RDONLY);
        }
    }

    @Override
    public int read(MemorySegment into, int length, long position) throws IOException {
        if (file == null) {
            throw new IOException(this + " is not there");
        }
        return file.read(into, length, Label.HEAD_BYTES + position);
    }

    @Override
    public int write(MemorySegment from, int length, long position) throws IOException {
        throw new IOException(this + " is not written to any more");
    }

    @Override
    public void close() throws IOException {
        if (file != null) {
            file.close();
        }
    }

    @Override
    public String toString() {
        return "lost backing file " + path;
    }
}
