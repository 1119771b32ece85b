package dev.ramzswap.store;

/** What all races begin with: a slot that holds A, and another one beside it. Public members are for jcstress alone. */
public abstract class Race {
    final int slot = StressedStore.instance().claim();

    /** Its pages are as long as the slot's, so that they take the places that the slot's leave. */
    final int neighbour = slot + 1;

    Race() {
        Player.get().store(slot, Player.A);
    }
}
