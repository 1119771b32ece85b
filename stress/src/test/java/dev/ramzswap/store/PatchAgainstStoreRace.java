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

/** A partial write puts its bytes into one page or the other, but never brings back the first. */
@JCStressTest
@Outcome(id = "2", expect = ACCEPTABLE, desc = "patched, then replaced")
@Outcome(id = "12", expect = ACCEPTABLE, desc = "replaced, then patched")
@Outcome(expect = FORBIDDEN, desc = "torn, foreign, stale or lost")
@State
public class PatchAgainstStoreRace extends Race {
    /** Changes the last word. */
    @Actor
    public void patch() {
        Player.get().patch(slot);
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
