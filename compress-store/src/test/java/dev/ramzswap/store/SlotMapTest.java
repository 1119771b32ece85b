package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.linux.MappedFile;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class SlotMapTest {
    private static final int SLOTS_PER_PAGE = 512;
    private static final long SLOTS = 16 * SLOTS_PER_PAGE;

    /** A word in the first slot of a page, in its last, in none; the map is populated, so that all pages are used. */
    @Test
    void nextStoredFindsEveryStoredSlotAndNothingElseOfOtherPages() throws IOException {
        try (MappedFile counters = MappedFile.inMemory("counters", Counters.FILE_BYTES);
                MappedFile file = MappedFile.inMemory("map", SlotMap.bytes(SLOTS));
                SlotMap map = new SlotMap(file, SLOTS, Counters.begin(counters, "test", SLOTS))) {
            map.populate();
            assertTrue(map.nextStored(0, SLOTS) >= SLOTS);
            long first = 3 * SLOTS_PER_PAGE;
            long last = 8 * SLOTS_PER_PAGE - 1;
            map.exchange(first, Slot.damaged(first));
            map.exchange(last, Slot.damaged(last));
            assertEquals(first, map.nextStored(0, SLOTS));
            assertTrue(map.nextStored(0, first) >= first);
            assertEquals(first + 1, map.nextStored(first + 1, SLOTS));
            assertEquals(7 * SLOTS_PER_PAGE, map.nextStored(4 * SLOTS_PER_PAGE, SLOTS));
            assertEquals(last, map.nextStored(last, SLOTS));
            assertTrue(map.nextStored(last + 1, SLOTS) >= SLOTS);
        }
    }
}
