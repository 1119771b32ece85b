package dev.ramzswap.daemon;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.function.Supplier;

/**
 * What a daemon that has taken pages over can do without: it is tried again and again until it works, at longer and
 * longer intervals, since to end for want of it would lose the pages.
 */
final class Retries {
    static final Duration FIRST_PAUSE = Duration.ofSeconds(1);

    private static final System.Logger LOG = System.getLogger(Retries.class.getName());
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

    private final Supplier<String> attempt;
    private final String lack;

    private Retries(Supplier<String> attempt, String lack) {
        this.attempt = attempt;
        this.lack = lack;
    }

    /**
     * Begins with it on a thread of its own, which an interrupt ends.
     *
     * @param attempt returns what was wrong; nothing if it has worked
     * @param lack what the log says to that
     */
    static Thread start(String name, Supplier<String> attempt, String lack) {
        return Thread.ofPlatform().daemon().name(name).start(new Retries(attempt, lack)::insist);
    }

    private void insist() {
        try {
            String wrong = attempt.get();
            if (!wrong.isEmpty()) {
                LOG.log(Level.WARNING, lack + ": " + wrong + "; this is tried again until it works");
            }
            for (Duration pause = FIRST_PAUSE; !wrong.isEmpty(); pause = next(pause)) {
                Thread.sleep(pause);
                wrong = attempt.get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Duration next(Duration pause) {
        Duration twice = pause.multipliedBy(2);
        return twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
    }
}
