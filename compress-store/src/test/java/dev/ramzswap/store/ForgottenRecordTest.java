package dev.ramzswap.store;

import static dev.ramzswap.store.Daemons.SLOTS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.BadAreaDevice;
import dev.ramzswap.backing.Mover;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Cleaning forgets the record of a damaged word, and in that moment somebody overwrites another page: he has taken its
 * word out of the map, and frees its record when all is over.
 */
@Timeout(60)
class ForgottenRecordTest {
    private static final int SEGMENTS = 16;
    private static final int VICTIM = 5;

    /** The look at what is live after which cleaning knows what it forgets. */
    private static final int LAST_LOOK = 4;

    @Test
    void whatIsForgottenIsNotFreedTwice() throws IOException, InterruptedException {
        StoreConfig config = new TestConfig(SLOTS)
                .limit(1 << 20)
                .overcommit()
                .backing(Path.of("unused"), (long) SEGMENTS * BackingFile.SEGMENT_BYTES)
                .build();
        StoreFiles files = StoreFiles.open(config, new BadAreaDevice(SEGMENTS)::open);
        try (PageStore store = PageStore.open(config, files);
                Workspace work = store.workspace()) {
            int stored = 0;
            while (store.store(stored, Daemons.page(stored), 0, work) == StoreStatus.OK) {
                stored++;
            }
            store.keeper().pause();
            SlotMap map = files.parts().map();
            List<Integer> slots = slotsIn(map, stored);
            slots.subList(11, slots.size()).forEach(slot -> store.invalidate(slot, work));
            map.exchange(slots.get(0), map.get(slots.get(0)) ^ 1L << 20);
            BackingFile file = files.parts().file();
            long before = file.liveBytes();
            long old = cleanAndOverwrite(files.parts(), slots.get(1));
            assertEquals(Slot.KIND_FILE, Slot.kind(old));
            assertEquals(VICTIM, Slot.place(old) / BackingFile.SEGMENT_BYTES);
            long padded = Record.bytes(old) + 7 & -8;
            assertEquals(before - padded, file.liveBytes(), "of the damaged word alone");
            file.free(Slot.place(old), Record.bytes(old));
            assertEquals(before - 2 * padded, file.liveBytes());
            store.keeper().resume();
        }
    }

    private static List<Integer> slotsIn(SlotMap map, int stored) {
        List<Integer> slots = new ArrayList<>();
        for (int slot = 0; slot < stored; slot++) {
            long word = map.get(slot);
            if (Slot.kind(word) == Slot.KIND_FILE && Slot.place(word) / BackingFile.SEGMENT_BYTES == VICTIM) {
                slots.add(slot);
            }
        }
        assertTrue(slots.size() > 20);
        return slots;
    }

    /** Returns the word that the first half of {@link Ownership#publish} has taken out of the map. */
    private static long cleanAndOverwrite(Parts parts, int slot) {
        Activity activity = new Activity();
        Workspace own = new Workspace(0, parts.file().readBuffer(), parts.fileSeal(), activity);
        FileMover mover = new FileMover(
                parts, new Ownership(parts, new Fullness()), activity, new Fullness(), () -> false, () -> {}, own);
        AtomicInteger looks = new AtomicInteger();
        long[] old = new long[1];
        parts.file()
                .clean((records, place, length, count, target) -> mover.move(
                        records,
                        place,
                        length,
                        new Mover.Count() {
                            @Override
                            public int live() {
                                int live = count.live();
                                if (looks.incrementAndGet() == LAST_LOOK) {
                                    old[0] = parts.map().exchange(slot, Slot.fill(slot, 0));
                                }
                                return live;
                            }

                            @Override
                            public void forget(int bytes) {
                                count.forget(bytes);
                            }
                        },
                        target));
        own.close();
        return old[0];
    }
}
