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

/** The kernel frees a slot and gives it out again: what it stores there then is never dropped. */
@JCStressTest
@Outcome(id = "2", expect = ACCEPTABLE, desc = "what was stored last")
@Outcome(id = "0", expect = FORBIDDEN, desc = "dropped, though it was stored after the free")
@Outcome(expect = FORBIDDEN, desc = "torn, foreign or stale")
@State
public class FreeThenStoreAgainstSweepRace extends Race {
    /** Frees the slot, and stores another page there. */
    @Actor
    public void freeThenStore() {
        StressedStore.instance().free(slot);
        Player.get().store(slot, B);
    }

    /** Drops what the kernel has freed. */
    @Actor
    public void sweep() {
        StressedStore.instance().sweep();
    }

    /** What is there in the end. */
    @Arbiter
    public void end(I_Result result) {
        result.r1 = Player.get().load(slot);
    }
}
