package dev.ramzswap.nbd.lane;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedChannelException;

/**
 * A fixed number of tasks. The reader of a connection takes them, the threads of its slow lane give them back; when
 * there is none, the reader waits, and with it the client.
 */
class TaskPool {
    private SlowTask free;
    private int taken;
    private boolean closed;

    TaskPool(int count) {
        for (int i = 0; i < count; i++) {
            add(new SlowTask(null));
        }
    }

    /** @return null if there is none */
    final synchronized SlowTask tryTake() {
        SlowTask task = free;
        if (task != null) {
            free = task.next;
        } else {
            task = grow();
        }
        if (task != null) {
            taken++;
        }
        return task;
    }

    /** Waits for a task. */
    final synchronized SlowTask take() throws IOException {
        SlowTask task = tryTake();
        while (task == null) {
            await();
            task = tryTake();
        }
        return task;
    }

    final synchronized void give(SlowTask task) {
        taken--;
        if (!discard(task)) {
            add(task);
        }
        notifyAll();
    }

    /** Waits until every task is back. */
    final synchronized void awaitAll() throws IOException {
        while (taken > 0) {
            await();
        }
    }

    /** Nobody waits any more. */
    final synchronized void close() {
        closed = true;
        notifyAll();
    }

    /** @return one more task, or null; called with the monitor held */
    SlowTask grow() {
        return null;
    }

    /** @return whether the task was given up instead of kept; called with the monitor held */
    boolean discard(SlowTask task) {
        return false;
    }

    final synchronized void add(SlowTask task) {
        task.next = free;
        free = task;
    }

    private void await() throws IOException {
        if (closed) {
            throw new ClosedChannelException();
        }
        try {
            wait();
        } catch (InterruptedException e) {
            throw new InterruptedIOException("interrupted while waiting for the slow lane");
        }
    }
}
