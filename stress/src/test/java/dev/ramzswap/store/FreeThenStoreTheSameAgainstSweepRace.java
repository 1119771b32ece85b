package dev.ramzswap.store;

import static dev.ramzswap.store.Player.A;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** The same with the page that was there before, which may come to the same place: no word tells them apart. */
@JCStressTest
@Outcome(id = "1", expect = ACCEPTABLE, desc = "what was stored last")
@Outcome(id = "0", expect = FORBIDDEN, desc = "dropped, though it was stored after the free")
@Outcome(expect = FORBIDDEN, desc = "torn or foreign")
@State
public class FreeThenStoreTheSameAgainstSweepRace extends Race {
    /** Frees the slot, and stores the same page there, twice. */
    @Actor
    public void freeThenStore() {
        StressedStore.instance().free(slot);
        Player.get().store(slot, A);
        Player.get().store(slot, A);
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
