package dev.ramzswap.store;

import static java.lang.invoke.MethodHandles.lookup;

import java.lang.invoke.VarHandle;

/**
 * Remembers that a store was found full, so that the next page is refused at once instead of after the same search: the
 * kernel writes hundreds of thousands of pages to a full device before it believes that nothing can be reclaimed and
 * lets its OOM killer end somebody.
 *
 * <p>That it is full is first suspected, then looked into, and then confirmed: if room was made meanwhile, by whomever,
 * the suspicion is gone, and nothing is confirmed. Thread-safe.
 *
 * <p>Likewise that no memory was found for the page of the map in which a slot's word lies. That says nothing of other
 * pages; whether the kernel gives some now is asked for each page all the same.
 */
final class Fullness {
    private static final int OPEN = 0;
    private static final int SUSPECTED = 1;
    private static final int FULL = 2;

    private static final VarHandle STATE;
    private static final VarHandle MEMORY;

    static {
        try {
            STATE = lookup().findVarHandle(Fullness.class, "state", int.class);
            MEMORY = lookup().findVarHandle(Fullness.class, "memory", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile int state;
    private volatile int memory;

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

    boolean isMemoryShort() {
        return memory == FULL;
    }

    /** A look for memory for a slot's word begins. */
    void suspectNoMemory() {
        memory = SUSPECTED;
    }

    /** It found none: this is so until something is freed, or was, since it began. */
    void confirmNoMemory() {
        MEMORY.compareAndSet(this, SUSPECTED, FULL);
    }

    /** Something was freed, or may be had now. */
    void roomMade() {
        if (state != OPEN) {
            state = OPEN;
        }
        if (memory != OPEN) {
            memory = OPEN;
        }
    }
}
