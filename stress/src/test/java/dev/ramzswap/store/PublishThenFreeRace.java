package dev.ramzswap.store;

import static dev.ramzswap.store.Player.B;
import static dev.ramzswap.store.Player.C;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * A store publishes its page and then frees the old one, whose place goes to another slot at once; a load may have
 * begun in between.
 */
@JCStressTest
@Outcome(id = "1, 2", expect = ACCEPTABLE, desc = "loaded before it was replaced")
@Outcome(id = "2, 2", expect = ACCEPTABLE, desc = "loaded afterwards")
@Outcome(expect = FORBIDDEN, desc = "torn, foreign, stale or lost")
@State
public class PublishThenFreeRace extends Race {
    /** The second store takes the place that the first one has freed. */
    @Actor
    public void replaceAndReuse() {
        Player.get().store(slot, B);
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
