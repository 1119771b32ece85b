package dev.ramzswap.store;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** A page is dropped while it is spilled: the copy in the backing file must not come back. */
@JCStressTest
@Outcome(id = "0", expect = ACCEPTABLE, desc = "nothing")
@Outcome(expect = FORBIDDEN, desc = "torn, foreign, stale or lost")
@State
public class SpillAgainstInvalidateRace extends Race {
    /** As the keeper does. */
    @Actor
    public void spill() {
        StressedStore.instance().spill(slot);
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
