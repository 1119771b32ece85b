package dev.ramzswap.backing;

import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * How long a plain file was, and where it had holes: by that, what was reserved since is given back to the last block.
 */
final class Layout {
    /** Bytes of the file in which there was no data. */
    private record Hole(long begin, long end) {}

    private final NativeFile file;
    private final long size;
    private final List<Hole> holes = new ArrayList<>();

    /** As it is now. */
    Layout(NativeFile file) throws IOException {
        this.file = file;
        this.size = file.size();
        long end;
        for (long at = file.nextHole(0); at < size; at = file.nextHole(end)) {
            end = file.nextData(at);
            holes.add(new Hole(at, end));
        }
    }

    /** What was reserved in a hole before, and never written, is free then, too. */
    void restore() throws IOException {
        file.truncate(size);
        for (Hole hole : holes) {
            file.punchHole(hole.begin, hole.end - hole.begin);
        }
    }
}
