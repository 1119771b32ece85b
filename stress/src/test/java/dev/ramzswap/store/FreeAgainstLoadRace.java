package dev.ramzswap.store;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** Who reads a slot that is being freed, as the kernel does not but anybody may, gets the page or a hole. */
@JCStressTest
@Outcome(id = "0", expect = ACCEPTABLE, desc = "a hole")
@Outcome(id = "1", expect = ACCEPTABLE, desc = "the page")
@Outcome(expect = FORBIDDEN, desc = "torn or foreign")
@State
public class FreeAgainstLoadRace extends Race {
    /** Reads the page. */
    @Actor
    public void load(I_Result result) {
        result.r1 = Player.get().load(slot);
    }

    /** Frees the slot, drops what the kernel has freed, and has the place taken by another page. */
    @Actor
    public void freeAndSweep() {
        StressedStore.instance().free(slot);
        StressedStore.instance().sweep();
        Player.get().store(neighbour, Player.C);
    }
}
