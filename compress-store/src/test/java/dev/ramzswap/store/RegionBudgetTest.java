package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class RegionBudgetTest {
    private static final int REGIONS = 3000;

    private final RegionBudget budget = new RegionBudget(2 * REGIONS);

    private void use(int regions) {
        for (int i = 0; i < regions; i++) {
            budget.take();
            budget.makeReady();
            budget.open();
        }
    }

    /**
     * Where compaction leaves a sixteenth of each region to holes, the low water of a large pool, 16 MiB, is less than
     * that: live records were content with room that there was not (fourth attack, 29 November).
     */
    @Test
    void whatCompactionCannotBringWithinTheLimitMustBeSpilled() {
        budget.set((long) 2 * REGIONS << Region.SHIFT);
        use(REGIONS + 50);
        budget.addLive(((long) REGIONS << Region.SHIFT) - (17 << 20));
        budget.set((long) REGIONS << Region.SHIFT);
        assertFalse(budget.isLow());
        assertTrue(budget.mustSpill());
        budget.addLive(-((long) REGIONS << Region.SHIFT) / 16);
        assertFalse(budget.mustSpill());
    }

    /** Within the limit, holes of a sixteenth are no reason to spill. */
    @Test
    void whatIsWithinTheLimitStays() {
        budget.set((long) REGIONS << Region.SHIFT);
        use(REGIONS - 1);
        budget.addLive(((long) REGIONS << Region.SHIFT) - (17 << 20));
        assertFalse(budget.mustSpill());
    }

    /** What compaction is lent above the limit, it gives back only where it finds anything to move (fifth attack). */
    @Test
    void whatIsKeptForCompactionAboveTheLimitMustBeSpilledFor() {
        budget.set((long) 2 * REGIONS << Region.SHIFT);
        use(REGIONS);
        budget.addLive((long) REGIONS * (Region.BYTES / 100 * 96));
        budget.set((long) REGIONS << Region.SHIFT);
        assertFalse(budget.mustSpill(), "it is within the limit");
        assertTrue(budget.mayTake(true));
        budget.take();
        assertTrue(budget.mustSpill());
    }
}
