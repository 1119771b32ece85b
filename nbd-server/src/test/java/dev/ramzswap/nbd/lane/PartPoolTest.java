package dev.ramzswap.nbd.lane;

import static dev.ramzswap.nbd.lane.PartPool.PART_BYTES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.ramzswap.nbd.io.IoMemory;
import dev.ramzswap.nbd.io.IoShare;
import java.nio.ByteBuffer;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PartPoolTest {
    private final IoMemory memory = new IoMemory(Set.of(), 0);
    private final MemoryBudget budget = new MemoryBudget(10L * PART_BYTES);

    private PartPool pool(int connection, int prepared) {
        IoShare share = new IoShare(memory, false);
        long preparedBytes = (long) prepared * PART_BYTES;
        return new PartPool(
                new LaneMemory(share, budget, (long) connection * PART_BYTES, preparedBytes),
                ByteBuffer.allocate(PartPool.ownBytes(preparedBytes)));
    }

    /** Parts beyond its own. */
    private long borrowed() {
        return memory.inUse() / PART_BYTES;
    }

    @Test
    void growsToTheConnectionsLimitAndKeepsWhatItHas() {
        PartPool pool = pool(4, 0);
        assertEquals(0, borrowed());
        SlowPart[] taken = {pool.tryTake(), pool.tryTake(), pool.tryTake(), pool.tryTake()};
        assertNotNull(taken[3]);
        assertNull(pool.tryTake());
        assertEquals(3L * PART_BYTES, budget.used());
        for (SlowPart task : taken) {
            pool.give(task);
        }
        assertEquals(3, borrowed());
        pool.free();
        assertEquals(0, borrowed());
        assertEquals(0, budget.used());
    }

    @Test
    void hasWhatIsPreparedAndNeverAsksForMore() {
        PartPool pool = pool(4, 2);
        assertEquals(0, borrowed());
        assertNotNull(pool.tryTake());
        assertNotNull(pool.tryTake());
        assertNull(pool.tryTake());
        assertEquals(0, borrowed());
        assertEquals(0, budget.used());
        pool.free();
        assertEquals(0, borrowed());
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
        assertEquals(0, borrowed());
        assertEquals(6L * PART_BYTES, budget.used());
        pool.free();
        assertEquals(0, borrowed());
    }
}
