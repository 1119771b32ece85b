package dev.ramzswap.store;

import static java.lang.invoke.MethodHandles.lookup;

import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;

/**
 * Remembers that a store was found full, so that the next page is refused at once instead of after the same search: the
 * kernel writes hundreds of thousands of pages to a full device before it believes that nothing can be reclaimed and
 * lets its OOM killer end somebody.
 *
 * <p>That it is full is first suspected, then looked into, and then confirmed: if room was made meanwhile, by whomever,
 * the suspicion is gone, and nothing is confirmed. Thread-safe.
 *
 * <p>Likewise that no memory was found for the page of the map in which a slot's word lies. That says nothing of other
 * pages, and what these free does not refute it; whether the kernel gives some now is asked for each page all the same.
 */
final class Fullness {
    private static final int OPEN = 0;
    private static final int SUSPECTED = 1;
    private static final int FULL = 2;

    /** For how long what is freed meanwhile, and could be gathered, is not looked for. */
    private static final long LAPSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final VarHandle STATE;

    static {
        try {
            STATE = lookup().findVarHandle(Fullness.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile int state;
    private volatile boolean isMemoryLookedFor;

    /** When it was. */
    private volatile long lookedForMemory;

    boolean isFull() {
        return state == FULL;
    }

    /** From now on, whatever room is made refutes it. */
    void suspect() {
        state = SUSPECTED;
    }

    boolean isSuspected() {
        return state == SUSPECTED;
    }

    /** Whether no room was made since {@link #suspect}. */
    boolean confirm() {
        return STATE.compareAndSet(this, SUSPECTED, FULL);
    }

    /** Something was freed, or may be had now. */
    void roomMade() {
        if (state != OPEN) {
            state = OPEN;
        }
    }

    /** All was looked through for memory, and none was gained. */
    void noMemoryFound() {
        lookedForMemory = System.nanoTime();
        isMemoryLookedFor = true;
    }

    /** Whether that was a moment ago, and none was gained since. */
    boolean isMemoryShort() {
        return isMemoryLookedFor && System.nanoTime() - lookedForMemory < LAPSE_NANOS;
    }

    /** Some may have been given back to the kernel. */
    void memoryGained() {
        isMemoryLookedFor = false;
    }
}
