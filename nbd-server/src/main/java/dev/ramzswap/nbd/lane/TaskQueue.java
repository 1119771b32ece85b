package dev.ramzswap.nbd.lane;

import java.io.IOException;
import java.io.InterruptedIOException;

/** What threads of a slow lane have to do, in order of arrival. */
final class TaskQueue {
    private SlowTask head;
    private SlowTask tail;
    private boolean closed;

    synchronized void put(SlowTask task) {
        task.next = null;
        if (head == null) {
            head = task;
        } else {
            tail.next = task;
        }
        tail = task;
        notify();
    }

    /** Waits for a task; null when the queue is closed. */
    synchronized SlowTask next() throws IOException {
        while (head == null && !closed) {
            try {
                wait();
            } catch (InterruptedException e) {
                throw new InterruptedIOException("interrupted while waiting for work");
            }
        }
        if (closed) {
            return null;
        }
        SlowTask task = head;
        head = task.next;
        return task;
    }

    /** Drops what is queued and sends the threads home. */
    synchronized void close() {
        closed = true;
        notifyAll();
    }
}
