package dev.ramzswap.store;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** A page that is freed while it goes to the backing file is dropped all the same, by the next sweep at the latest. */
@JCStressTest
@Outcome(id = "0", expect = ACCEPTABLE, desc = "dropped")
@Outcome(expect = FORBIDDEN, desc = "kept")
@State
public class FreeAgainstSpillAndSweepRace extends Race {
    /** Spills the page. */
    @Actor
    public void spill() {
        StressedStore.instance().spill(slot);
    }

    /** Frees the slot, and drops what the kernel has freed. */
    @Actor
    public void freeAndSweep() {
        StressedStore.instance().free(slot);
        StressedStore.instance().sweep();
    }

    /** What is there in the end. */
    @Arbiter
    public void end(I_Result result) {
        result.r1 = Player.get().load(slot);
    }
}
