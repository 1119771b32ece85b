package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.linux.MappedFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SlotMapTest {
    private static final int SLOTS_PER_PAGE = 512;
    private static final long SLOTS = 16 * SLOTS_PER_PAGE;

    /** In the first slot of a page, in its last; the map is populated, so that all pages have memory. */
    private static final long FIRST = 3 * SLOTS_PER_PAGE;

    private static final long LAST = 8 * SLOTS_PER_PAGE - 1;

    @Test
    void whatIsPopulatedIsNotUsedButWhatWasPublishedIs() throws IOException {
        try (MappedFile counters = MappedFile.inMemory("counters", Counters.FILE_BYTES);
                MappedFile file = MappedFile.inMemory("map", SlotMap.bytes(SLOTS));
                SlotMap map = populated(file, Counters.begin(counters, "test", SLOTS))) {
            assertEquals(SLOTS, map.nextUsed(0));
            publish(map);
            checkUsed(map);
        }
    }

    /** All pages have memory for the next daemon, too. */
    @Test
    void whatWasPublishedIsFoundAtATakeover() throws IOException {
        try (MappedFile counters = MappedFile.inMemory("counters", Counters.FILE_BYTES);
                MappedFile file = MappedFile.inMemory("map", SlotMap.bytes(SLOTS))) {
            try (SlotMap map = populated(file, Counters.begin(counters, "test", SLOTS))) {
                publish(map);
            }
            Counters second = Counters.begin(counters, "test", SLOTS);
            try (SlotMap map = new SlotMap(file, SLOTS, second)) {
                map.recoverResident();
                assertEquals(SlotMap.bytes(SLOTS), second.memoryUsed());
                assertTrue(map.nextRecovered(0, FIRST) >= FIRST);
                assertEquals(List.of(FIRST, LAST), recovered(map));
                checkUsed(map);
            }
        }
    }

    private static SlotMap populated(MappedFile file, Counters counters) throws IOException {
        SlotMap map = new SlotMap(file, SLOTS, counters);
        map.populate();
        return map;
    }

    private static void publish(SlotMap map) {
        map.exchange(FIRST, Slot.damaged(FIRST));
        assertTrue(map.compareAndSet(LAST, Slot.HOLE, Slot.damaged(LAST)), "as a partial write does");
        assertEquals(Slot.damaged(LAST), map.get(LAST));
    }

    private static List<Long> recovered(SlotMap map) {
        List<Long> stored = new ArrayList<>();
        for (long slot = map.nextRecovered(0, SLOTS); slot < SLOTS; slot = map.nextRecovered(slot + 1, SLOTS)) {
            if (map.get(slot) != Slot.HOLE) {
                stored.add(slot);
            }
        }
        return stored;
    }

    private static void checkUsed(SlotMap map) {
        assertEquals(FIRST, map.nextUsed(0));
        assertEquals(FIRST + 1, map.nextUsed(FIRST + 1));
        assertEquals(7 * SLOTS_PER_PAGE, map.nextUsed(4 * SLOTS_PER_PAGE));
        assertEquals(LAST, map.nextUsed(LAST));
        assertEquals(SLOTS, map.nextUsed(LAST + 1));
    }
}
