package dev.ramzswap.attach;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Systemd's unit of the daemon that {@code swapon} starts, see {@link TransientService}. A stop of it would be refused
 * (RefuseManualStop=).
 *
 * @param export what {@code swapon} was asked for
 * @param tools has systemctl
 */
record ServiceUnit(String export, Tools tools) {
    private static final String PROGRAM = "systemctl";
    private static final String BEGINS = "activating";
    private static final Set<String> ENDED = Set.of("inactive", "failed");
    private static final int LOOK_MILLIS = 100;

    String name() {
        return "ramzswap-serve-" + export + ".service";
    }

    /** Whether it does not serve yet, which is also while it waits to be started again. */
    boolean begins() throws IOException, InterruptedException {
        return is(Set.of(BEGINS));
    }

    /** Whether it serves or is to, not if it is about to end by itself or by a stop. */
    boolean goesOn() throws IOException, InterruptedException {
        return is(Set.of(BEGINS, "active"));
    }

    private boolean is(Set<String> states) throws IOException, InterruptedException {
        return tools.has(PROGRAM)
                && show("ActiveState").filter(states::contains).isPresent();
    }

    /** What waits yet, as for a mount, is only a job, and begins no more. */
    void cancel() throws IOException, InterruptedException {
        Optional<String> job = show("Job").filter(id -> id.matches("\\d+"));
        if (job.isPresent()) {
            systemctl("cancel", job.get());
        }
    }

    /** Throws if it is not to be told to end. */
    interface Objection {
        void raise() throws IOException;
    }

    /**
     * Tells it to end, again and again, since systemd may be about to start it again (RestartForceExitStatus=).
     *
     * @param ifItBegins is asked each time that it does not serve yet, before it is told
     * @return whether it has ended in time
     */
    boolean ends(Duration patience, Objection ifItBegins) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        do {
            if (begins()) {
                ifItBegins.raise();
            }
            systemctl("kill", "--signal=TERM", name());
            if (is(ENDED)) {
                return true;
            }
            Thread.sleep(LOOK_MILLIS);
        } while (System.nanoTime() - deadline < 0);
        return false;
    }

    void kill() throws IOException, InterruptedException {
        systemctl("kill", "--signal=KILL", name());
    }

    private Optional<String> show(String property) throws IOException, InterruptedException {
        return systemctl("show", "--property=" + property, "--value", name());
    }

    /** What it says last; that it fails where there is nothing to do is all right. */
    private Optional<String> systemctl(String... words) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of(PROGRAM));
        command.addAll(List.of(words));
        return tools.run(() -> {}, command.toArray(String[]::new)).lastLine();
    }
}
