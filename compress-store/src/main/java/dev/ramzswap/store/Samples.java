package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Records by which it is known whether it is the device that fails, or a segment of it. A device fails by place: so
 * they are spread over it, whichever slots they are of. Of the first and the last part it is those at the very ends, of
 * which a part of the device that is gone leaves one, and else it is others each time; and one is any of all, since
 * little of the device may be used. Used by one thread.
 */
final class Samples {
    /** What came of those that were read. */
    enum Found {
        /** One is intact. */
        INTACT,

        /** They are not, though there are some. */
        NONE_INTACT,

        /** There were none to be read. */
        NONE
    }

    private static final int PARTS = 8;

    /** How often a record is read that is not intact. */
    private static final int READS = 3;

    private static final long NO_SLOT = -1;

    private final SlotMap map;
    private final BackingFile file;
    private final Runnable meanwhile;

    /** Its record is the one that is being read. */
    private final Workspace work;

    private final SplittableRandom random = new SplittableRandom();

    /** Whose record was intact the last time. */
    private long goodSlot;

    /** Of each part, the place that a record is to be near to, the slot whose record is nearest, and how near. */
    private final long[] wanted = new long[PARTS];

    /** The last one is that of any record. */
    private final long[] slots = new long[PARTS + 1];

    private final long[] distances = new long[PARTS];

    /** @param meanwhile is run after each record, which may take long; it may use the workspace */
    Samples(SlotMap map, BackingFile file, Runnable meanwhile, Workspace work) {
        this.map = map;
        this.file = file;
        this.meanwhile = meanwhile;
        this.work = work;
    }

    /** Reads until one is intact, of other segments than this one. */
    Found read(long segment, int length) {
        Found found = read(goodSlot, segment, length);
        if (found == Found.INTACT) {
            return found;
        }
        choose(segment, length);
        for (long slot : slots) {
            Found next = read(slot, segment, length);
            if (next == Found.INTACT) {
                goodSlot = slot;
                return next;
            }
            found = next == Found.NONE ? found : next;
        }
        return found;
    }

    private void choose(long segment, int length) {
        long bytes = file.segments() * BackingFile.SEGMENT_BYTES;
        for (int part = 0; part < PARTS; part++) {
            wanted[part] = (bytes * part + random.nextLong(bytes)) / PARTS;
        }
        wanted[0] = 0;
        wanted[PARTS - 1] = bytes;
        Arrays.fill(slots, NO_SLOT);
        Arrays.fill(distances, Long.MAX_VALUE);
        long seen = 0;
        for (long slot = map.nextUsed(0); slot < map.slots(); slot = map.nextUsed(slot + 1)) {
            long word = map.get(slot);
            if (Slot.kind(word) == Slot.KIND_FILE && Slot.place(word) < bytes) {
                int part = (int) (Slot.place(word) * PARTS / bytes);
                long distance = Math.abs(Slot.place(word) - wanted[part]);
                if (distance < distances[part] && isElsewhere(word, segment, length)) {
                    distances[part] = distance;
                    slots[part] = slot;
                }
                if (random.nextLong(++seen) == 0 && isElsewhere(word, segment, length)) {
                    slots[PARTS] = slot;
                }
            }
        }
    }

    /** What comes of a slot's record alone. */
    private Found read(long slot, long segment, int length) {
        long word = map.find(slot);
        if (!isElsewhere(word, segment, length)) {
            return Found.NONE;
        }
        boolean isIntact = isReadIntact(slot, word);
        meanwhile.run();
        if (isIntact) {
            return Found.INTACT;
        }
        return Slot.sameCopy(map.get(slot), word) ? Found.NONE_INTACT : Found.NONE;
    }

    /** Whether a record is what was stored, in one of a few tries; one that the device cannot read, it has tried. */
    private boolean isReadIntact(long slot, long word) {
        for (int reads = 0; reads < READS; reads++) {
            int result = file.read(Slot.place(word), Record.bytes(word), work.record.memory, 0, work.readBuffer);
            if (result != BackingFile.OK) {
                return false;
            }
            if (work.record.isIntact(slot, word)) {
                return true;
            }
        }
        return false;
    }

    /** Whether a word tells of another segment, on the device. */
    private boolean isElsewhere(long word, long segment, int length) {
        return Slot.kind(word) == Slot.KIND_FILE
                && !SecondReading.isWithin(word, segment, length)
                && file.readNow(Slot.place(word), Record.bytes(word), work.record.memory, 0) != BackingFile.OK;
    }
}
