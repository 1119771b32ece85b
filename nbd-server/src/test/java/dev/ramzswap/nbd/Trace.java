package dev.ramzswap.nbd;

import static dev.ramzswap.nbd.wire.Protocol.*;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Requests as a busy file system makes them, the same ones from the same seed: mostly writes and reads of a few blocks,
 * some large ones, now and then a trim, zeroes, a flush. Areas are hot and cold, so that blocks are overwritten often.
 */
final class Trace {
    static final int BLOCK = 512;

    /** @param blocks 0 for a flush */
    record Entry(int type, int flags, int first, int blocks) {}

    private static final int HOT_PART = 8;
    private static final int MOST_BLOCKS_LOG2 = 9;

    private Trace() {}

    static List<Entry> of(long seed, int entries, int deviceBlocks) {
        Random random = new Random(seed);
        List<Entry> trace = new ArrayList<>();
        for (int i = 0; i < entries; i++) {
            trace.add(entry(random, deviceBlocks));
        }
        return trace;
    }

    private static Entry entry(Random random, int deviceBlocks) {
        int flags = random.nextInt(16) == 0 ? NBD_CMD_FLAG_FUA : 0;
        int blocks = 1 + random.nextInt(1 << random.nextInt(MOST_BLOCKS_LOG2 + 1));
        int area = random.nextInt(4) == 0 ? deviceBlocks : deviceBlocks / HOT_PART;
        int first = random.nextInt(area - blocks + 1);
        return switch (random.nextInt(32)) {
            case 0 -> new Entry(NBD_CMD_FLUSH, 0, 0, 0);
            case 1 -> new Entry(NBD_CMD_TRIM, flags, first, blocks);
            case 2 -> new Entry(NBD_CMD_WRITE_ZEROES, flags | NBD_CMD_FLAG_NO_HOLE, first, blocks);
            case 3 -> new Entry(NBD_CMD_WRITE_ZEROES, flags, first, blocks);
            default -> new Entry(random.nextBoolean() ? NBD_CMD_WRITE : NBD_CMD_READ, flags, first, blocks);
        };
    }
}
