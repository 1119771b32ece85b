package dev.ramzswap.nbd.lane;

import static dev.ramzswap.nbd.lane.PartPool.PART_BYTES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.ramzswap.nbd.io.IoMemory;
import dev.ramzswap.nbd.io.IoShare;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PartPoolTest {
    private final IoMemory memory = new IoMemory(Map.of(), 0);
    private final MemoryBudget budget = new MemoryBudget(10L * PART_BYTES);

    private PartPool pool(int connection, int prepared) {
        IoShare share = new IoShare(memory, false);
        return new PartPool(
                new LaneMemory(share, budget, (long) connection * PART_BYTES, (long) prepared * PART_BYTES));
    }

    /** In parts. */
    private long memory() {
        return memory.inUse() / PART_BYTES;
    }

    @Test
    void growsToTheConnectionsLimitAndKeepsWhatItHas() {
        PartPool pool = pool(4, 0);
        assertEquals(1, memory());
        SlowPart[] taken = {pool.tryTake(), pool.tryTake(), pool.tryTake(), pool.tryTake()};
        assertNotNull(taken[3]);
        assertNull(pool.tryTake());
        assertEquals(3L * PART_BYTES, budget.used());
        for (SlowPart task : taken) {
            pool.give(task);
        }
        assertEquals(4, memory());
        pool.free();
        assertEquals(0, memory());
        assertEquals(0, budget.used());
    }

    @Test
    void hasWhatIsPreparedAndNeverAsksForMore() {
        PartPool pool = pool(4, 2);
        assertEquals(2, memory());
        assertNotNull(pool.tryTake());
        assertNotNull(pool.tryTake());
        assertNull(pool.tryTake());
        assertEquals(2, memory());
        assertEquals(0, budget.used());
        pool.free();
        assertEquals(0, memory());
    }

    @Test
    void stopsGrowingWhenTheBudgetIsUsedUp() {
        budget.tryAcquire(9L * PART_BYTES);
        PartPool pool = pool(8, 0);
        assertNotNull(pool.tryTake());
        assertNotNull(pool.tryTake());
        assertNull(pool.tryTake());
        pool.free();
        assertEquals(9L * PART_BYTES, budget.used());
    }

    @Test
    void givesBackWhatItBorrowedWhenTheBudgetIsScarce() {
        PartPool pool = pool(8, 0);
        SlowPart[] taken = {pool.tryTake(), pool.tryTake(), pool.tryTake()};
        budget.tryAcquire(6L * PART_BYTES);
        for (SlowPart task : taken) {
            pool.give(task);
        }
        assertEquals(1, memory());
        assertEquals(6L * PART_BYTES, budget.used());
        pool.free();
        assertEquals(0, memory());
    }
}
