package dev.ramzswap.store;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;

/**
 * Who is at work: each {@link Workspace} counts up when an operation begins and when it ends, so an odd number is one
 * in an operation, with room or records in his hands that nobody else knows of. Whoever has seen all of them even, or
 * move on, knows that all that was in flight when he began has been published or freed. Thread-safe.
 */
final class Activity {
    private static final long LOOK_NANOS = 20_000;

    private final List<Workspace> workspaces = new CopyOnWriteArrayList<>();

    void add(Workspace workspace) {
        workspaces.add(workspace);
    }

    void remove(Workspace workspace) {
        workspaces.remove(workspace);
    }

    /** Waits until every operation that is under way now is over; false if one lasts longer. */
    boolean awaitAll(long nanos) {
        return awaitOthers(null, nanos);
    }

    /** Like {@link #awaitAll}, for somebody who is at work himself. */
    boolean awaitOthers(Workspace own, long nanos) {
        long end = System.nanoTime() + nanos;
        for (Workspace workspace : workspaces) {
            long seen = workspace.operations();
            boolean isAtWork = workspace != own && (seen & 1) != 0;
            while (isAtWork && workspace.operations() == seen) {
                if (System.nanoTime() - end >= 0) {
                    return false;
                }
                LockSupport.parkNanos(LOOK_NANOS);
            }
        }
        return true;
    }

    /**
     * All operations that were under way at one moment. Who must not wait for them asks now and then. For one thread.
     */
    final class InFlight {
        private final List<Operation> left = new ArrayList<>();

        private record Operation(Workspace workspace, long number) {
            boolean isOver() {
                return workspace.operations() != number;
            }
        }

        /** That moment is now. */
        void begin() {
            left.clear();
            for (Workspace workspace : workspaces) {
                long number = workspace.operations();
                if ((number & 1) != 0) {
                    left.add(new Operation(workspace, number));
                }
            }
        }

        boolean isOver() {
            left.removeIf(Operation::isOver);
            return left.isEmpty();
        }
    }
}
