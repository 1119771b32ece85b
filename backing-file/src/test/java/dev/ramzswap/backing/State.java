package dev.ramzswap.backing;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** The memories of a backing file, which outlive it. */
record State(MemorySegment table, MemorySegment staging, MemorySegment key) {
    static final Delays FAST = new Delays(
            TimeUnit.MILLISECONDS.toNanos(1), TimeUnit.MILLISECONDS.toNanos(4), TimeUnit.MILLISECONDS.toNanos(5), 0);

    /** Retries that no test lives to see. */
    static final Delays NEVER =
            new Delays(TimeUnit.HOURS.toNanos(1), TimeUnit.HOURS.toNanos(1), TimeUnit.HOURS.toNanos(1), 0);

    static State fresh(long capacity) {
        Arena arena = Arena.ofAuto();
        return new State(
                arena.allocate(BackingSize.tableBytes(capacity), 8),
                arena.allocate(BackingFile.STAGING_BYTES, 4096),
                arena.allocate(BackingFile.KEY_BYTES));
    }

    /** How many segments are in a state of {@link SegmentTable}. */
    int segmentsIn(int wanted) {
        int found = 0;
        for (long at = 0; at < table.byteSize(); at += Long.BYTES) {
            found += SegmentWord.state(table.get(ValueLayout.JAVA_LONG, at)) == wanted ? 1 : 0;
        }
        return found;
    }

    BackingConfig config(Path path, boolean encrypt) {
        return new BackingConfig(path, encrypt, claim(table), table, staging, key);
    }

    static BackingConfig.Claim claim(MemorySegment table) {
        return SegmentTable.isFresh(table) ? BackingConfig.Claim.ANY : BackingConfig.Claim.OWN;
    }

    BackingFile open(BlockDevice device, Delays delays) throws IOException {
        return BackingFile.open(config(Path.of("unused"), true), config -> device, delays);
    }
}
