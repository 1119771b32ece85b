package dev.ramzswap.closing;

/** Waiting for the end of threads. */
public final class Joins {
    private Joins() {}

    /** Waits for the end of a thread, however often this one is interrupted, as it then is afterwards too. */
    public static void uninterruptibly(Thread thread) {
        boolean isInterrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                isInterrupted = true;
            }
        }
        if (isInterrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
