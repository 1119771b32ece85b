package dev.ramzswap.store;

import static dev.ramzswap.store.Player.B;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** Whoever comes last wins; what was there before never comes back. */
@JCStressTest
@Outcome(id = "0", expect = ACCEPTABLE, desc = "dropped last")
@Outcome(id = "2", expect = ACCEPTABLE, desc = "stored last")
@Outcome(expect = FORBIDDEN, desc = "torn, foreign, stale or lost")
@State
public class StoreAgainstInvalidateRace extends Race {
    /** Replaces the page. */
    @Actor
    public void store() {
        Player.get().store(slot, B);
    }

    /** Drops it. */
    @Actor
    public void invalidate() {
        Player.get().invalidate(slot);
    }

    /** What is there in the end. */
    @Arbiter
    public void end(I_Result result) {
        result.r1 = Player.get().load(slot);
    }
}
