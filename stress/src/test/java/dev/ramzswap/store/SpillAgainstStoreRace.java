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

/** A page is overwritten while it is spilled: the copy in the backing file must not come back. */
@JCStressTest
@Outcome(id = "2", expect = ACCEPTABLE, desc = "the new page")
@Outcome(expect = FORBIDDEN, desc = "torn, foreign, stale or lost")
@State
public class SpillAgainstStoreRace extends Race {
    /** As the keeper does. */
    @Actor
    public void spill() {
        StressedStore.instance().spill(slot);
    }

    /** Replaces the page. */
    @Actor
    public void store() {
        Player.get().store(slot, B);
    }

    /** What is there in the end. */
    @Arbiter
    public void end(I_Result result) {
        result.r1 = Player.get().load(slot);
    }
}
