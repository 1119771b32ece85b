package dev.ramzswap.backing;

import dev.ramzswap.linux.FileType;
import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * What is left of a backing file that a takeover cannot use: cut short, without its label, locked by somebody, on a
 * disk that fails, or gone. As much of it is read as can be, since records that are still there are known by their
 * owner's checksum, which none of another backing file has. Nothing is written, since it may be somebody else's by now.
 */
final class LostDevice implements BlockDevice {
    private final Path path;

    /** Null if it cannot even be opened. */
    private final NativeFile file;

    LostDevice(Path path) {
        this.path = path;
        this.file = openForReading(path);
    }

    private static NativeFile openForReading(Path path) {
        try {
            return FileType.isFileOrBlockDevice(path) ? openFile(path) : null;
        } catch (IOException e) {
            return null;
        }
    }

    private static NativeFile openFile(Path path) throws IOException {
        int direct = Medium.isDirect(path) ? NativeFile.O_DIRECT : 0;
        return NativeFile.open(path, NativeFile.O_RDONLY | direct);
    }

    @Override
    public int read(MemorySegment into, int length, long position) throws IOException {
        if (file == null) {
            throw new IOException(this + " is not there");
        }
        return file.read(into, length, BackingSize.positionOf(position));
    }

    @Override
    public int write(MemorySegment from, int length, long position) throws IOException {
        throw new IOException(this + " is not written to any more");
    }

    @Override
    public boolean isWritable() {
        return false;
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
