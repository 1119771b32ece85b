package dev.ramzswap.store;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** A partial write is not lost to a spill of the page that it changes. */
@JCStressTest
@Outcome(id = "11", expect = ACCEPTABLE, desc = "patched")
@Outcome(expect = FORBIDDEN, desc = "torn, foreign, stale or lost")
@State
public class PatchAgainstSpillRace extends Race {
    /** Changes the last word. */
    @Actor
    public void patch() {
        Player.get().patch(slot);
    }

    /** As the keeper does. */
    @Actor
    public void spill() {
        StressedStore.instance().spill(slot);
    }

    /** What is there in the end. */
    @Arbiter
    public void end(I_Result result) {
        result.r1 = Player.get().load(slot);
    }
}
