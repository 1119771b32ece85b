package dev.ramzswap.daemon;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/**
 * What a daemon that has taken pages over can do without: it is tried again and again until it works, at longer and
 * longer intervals, since to end for want of it would lose the pages. Thread-safe.
 */
final class Retries implements AutoCloseable {
    static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

    private static final System.Logger LOG = System.getLogger(Retries.class.getName());

    private final BiFunction<String, Runnable, Thread> threads;
    private final List<Retry> waiting = new ArrayList<>();
    private final List<Thread> begun = new ArrayList<>();

    Retries() {
        this(Retries::thread);
    }

    private static Thread thread(String name, Runnable task) {
        return Thread.ofPlatform().daemon().name(name).start(task);
    }

    /** @param threads start one by its name and task, or throw what {@link Thread#start} does */
    Retries(BiFunction<String, Runnable, Thread> threads) {
        this.threads = threads;
    }

    /**
     * Begins with it on a thread of its own, as soon as one is to be had.
     *
     * @param attempt returns what was wrong; nothing if it has worked
     * @param lack what the log says to that
     * @return the thread; empty if {@link #beginWaiting} is to try that again
     */
    synchronized Optional<Thread> begin(String name, Supplier<String> attempt, String lack) {
        Retry retry = new Retry(name, attempt, lack);
        try {
            return Optional.of(begin(retry));
        } catch (OutOfMemoryError e) {
            retry.warn(e.getMessage());
            waiting.add(retry);
            return Optional.empty();
        }
    }

    private Thread begin(Retry retry) {
        Thread thread = threads.apply(retry.name, retry::insist);
        begun.add(thread);
        return thread;
    }

    /** Begins with what there was no thread for. No lambda: where memory is short, its class would be loaded. */
    synchronized void beginWaiting() {
        for (Iterator<Retry> retries = waiting.iterator(); retries.hasNext(); ) {
            if (begins(retries.next())) {
                retries.remove();
            }
        }
    }

    private boolean begins(Retry retry) {
        try {
            begin(retry);
            return true;
        } catch (OutOfMemoryError e) {
            return false;
        }
    }

    /** An attempt that is under way may yet come to its end. */
    @Override
    public synchronized void close() {
        waiting.clear();
        begun.forEach(Thread::interrupt);
    }

    private record Retry(String name, Supplier<String> attempt, String lack) {
        void insist() {
            try {
                String wrong = attempt.get();
                if (!wrong.isEmpty()) {
                    warn(wrong);
                }
                for (Duration pause = FIRST_PAUSE; !wrong.isEmpty(); pause = next(pause)) {
                    Thread.sleep(pause);
                    wrong = attempt.get();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        void warn(String wrong) {
            LOG.log(Level.WARNING, lack + ": " + wrong + "; this is tried again until it works");
        }

        private static Duration next(Duration pause) {
            Duration twice = pause.multipliedBy(2);
            return twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
        }
    }
}
