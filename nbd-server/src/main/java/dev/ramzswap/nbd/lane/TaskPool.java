package dev.ramzswap.nbd.lane;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;

/**
 * A fixed number of tasks. The reader of a connection takes them, the threads of its slow lane give them back; when
 * there is none, the reader waits, and with it the client.
 */
class TaskPool<T extends SlowTask> {
    private final ArrayDeque<T> free;
    private int taken;
    private boolean closed;

    /** @param most tasks that there can be */
    TaskPool(int most) {
        free = new ArrayDeque<>(most); // from its start, since nothing grows later
    }

    /** One with all its tasks. */
    static TaskPool<SlowTask> of(int count) {
        var pool = new TaskPool<>(count);
        for (int i = 0; i < count; i++) {
            pool.add(new SlowTask());
        }
        return pool;
    }

    /** @return null if there is none */
    final synchronized T tryTake() {
        T task = free.poll();
        if (task == null) {
            task = grow();
        }
        if (task != null) {
            taken++;
        }
        return task;
    }

    /** Waits for a task. */
    final synchronized T take() throws IOException {
        T task = tryTake();
        while (task == null) {
            await();
            task = tryTake();
        }
        return task;
    }

    final synchronized void give(T task) {
        taken--;
        if (!discard(task)) {
            add(task);
        }
        notifyAll();
    }

    /** Waits until every task is back. */
    final synchronized void awaitAll() throws IOException {
        while (!areAllBack()) {
            await();
        }
    }

    final synchronized boolean areAllBack() {
        return taken == 0;
    }

    /** Nobody waits any more. */
    final synchronized void close() {
        closed = true;
        notifyAll();
    }

    /** @return one more task, or null; called with the monitor held */
    T grow() {
        return null;
    }

    /** @return whether the task was given up instead of kept; called with the monitor held */
    boolean discard(T task) {
        return false;
    }

    final synchronized void add(T task) {
        free.push(task);
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
