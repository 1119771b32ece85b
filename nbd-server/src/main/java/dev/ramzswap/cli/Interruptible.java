package dev.ramzswap.cli;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;

/** Work that must not be left half-way: SIGINT, SIGTERM and SIGHUP interrupt it, and the JVM ends when it is done. */
final class Interruptible {
    /** May throw InterruptedException at any place where it waits, everything as it was before. */
    interface Work {
        void run() throws IOException, InterruptedException;
    }

    private Interruptible() {}

    /** Does the work on the calling thread. */
    static void run(Work work) throws IOException, InterruptedException {
        Thread worker = Thread.currentThread();
        var done = new CountDownLatch(1);
        var interrupter = new Thread(() -> interrupt(worker, done));
        Runtime.getRuntime().addShutdownHook(interrupter);
        try {
            work.run();
        } finally {
            done.countDown();
            leave(interrupter);
        }
    }

    private static void interrupt(Thread worker, CountDownLatch done) {
        worker.interrupt();
        try {
            done.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the JVM ends
        }
    }

    private static void leave(Thread interrupter) {
        try {
            Runtime.getRuntime().removeShutdownHook(interrupter);
        } catch (IllegalStateException e) {
            // it is what interrupted the work
        }
    }
}
