package dev.ramzswap.store;

import static dev.ramzswap.store.Player.C;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** A page is dropped, and its place goes to another slot at once. */
@JCStressTest
@Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "loaded before it was dropped")
@Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "loaded afterwards")
@Outcome(expect = FORBIDDEN, desc = "torn, foreign, stale or lost")
@State
public class LoadAgainstInvalidateRace extends Race {
    /** The store takes the place that the page has left. */
    @Actor
    public void dropAndReuse() {
        Player.get().invalidate(slot);
        Player.get().store(neighbour, C);
    }

    /** Meanwhile. */
    @Actor
    public void load(II_Result result) {
        result.r1 = Player.get().load(slot);
    }

    /** What is there in the end. */
    @Arbiter
    public void end(II_Result result) {
        result.r2 = Player.get().load(slot);
    }
}
