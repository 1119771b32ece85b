package dev.ramzswap.store;

import static dev.ramzswap.store.Player.B;
import static dev.ramzswap.store.Player.C;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * Two stores, of which the second takes the place that the first has freed, and two loads, of which the second must not
 * go back in time.
 */
@JCStressTest
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "before both")
@Outcome(id = "1, 2", expect = ACCEPTABLE, desc = "before and between")
@Outcome(id = "1, 3", expect = ACCEPTABLE, desc = "before and after")
@Outcome(id = "2, 2", expect = ACCEPTABLE, desc = "between")
@Outcome(id = "2, 3", expect = ACCEPTABLE, desc = "between and after")
@Outcome(id = "3, 3", expect = ACCEPTABLE, desc = "after both")
@Outcome(expect = FORBIDDEN, desc = "torn, foreign, stale or lost")
@State
public class LoadAgainstStoreRace extends Race {
    /** The second takes the place of A. */
    @Actor
    public void storeTwice() {
        Player.get().store(slot, B);
        Player.get().store(slot, C);
    }

    /** Meanwhile. */
    @Actor
    public void loadTwice(II_Result result) {
        result.r1 = Player.get().load(slot);
        result.r2 = Player.get().load(slot);
    }
}
