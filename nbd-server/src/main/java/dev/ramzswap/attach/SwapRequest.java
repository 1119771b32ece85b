package dev.ramzswap.attach;

import dev.ramzswap.config.Config;
import dev.ramzswap.config.OwnMemory;
import java.time.Duration;
import java.util.Optional;

/**
 * What was asked of {@link SwapOn}. What was left open is as usual for a new device, and as it is where the export is
 * swapped on already.
 *
 * @param export its name
 * @param device {@code /dev/nbdN}; otherwise the first that is free
 * @param priority -1 to 32767; the kernel fills what has the highest first
 * @param connections how many the device has, each served by a thread of its own
 * @param isByNbdClient whether nbd-client attaches the device, which then does not outlive its connections
 * @param requestTimeout how long the kernel waits for a reply, otherwise; if empty, what the export's storage needs
 * @param reconnectTimeout how long requests wait for a new daemon, otherwise, when the old one has died
 * @param tune whether to set what the kernel should have otherwise
 * @param probesSlots whether to have the kernel say which slots it frees, where it can
 * @param isUnsafe whether to swap also on a daemon that is not guarded, or with a problem of the kernel's settings
 */
public record SwapRequest(
        String export,
        Optional<String> device,
        Optional<Integer> priority,
        Optional<Integer> connections,
        boolean isByNbdClient,
        Optional<Duration> requestTimeout,
        Optional<Duration> reconnectTimeout,
        boolean tune,
        boolean probesSlots,
        boolean isUnsafe) {
    public static final int USUAL_PRIORITY = 100;
    public static final int USUAL_RECONNECT_SECONDS = 60;

    /** Enough for one that hangs to be ended, and to begin anew: see {@link TransientService}. */
    private static final Duration LASTING = Duration.ofSeconds(60);

    int newPriority() {
        return priority.orElse(USUAL_PRIORITY);
    }

    int newConnections() {
        return connections.orElseGet(
                () -> Math.min(OwnMemory.USUAL_CONNECTIONS, Runtime.getRuntime().availableProcessors()));
    }

    Duration newReconnectTimeout() {
        return reconnectTimeout.orElse(Duration.ofSeconds(USUAL_RECONNECT_SECONDS));
    }

    /**
     * One that hangs may yet go on, and is ended only if the device waits for the next one for longer than that takes;
     * how other exports are attached is not known here.
     */
    public Successor successor(Config daemon) {
        if (daemon.stateDir().isEmpty()) {
            return Successor.NONE;
        }
        boolean isOutlived = !isByNbdClient && newReconnectTimeout().compareTo(LASTING) >= 0;
        return isOutlived && daemon.exports().size() == 1 ? Successor.OF_HUNG : Successor.OF_DEAD;
    }

    Attacher attacher(Machine machine) {
        return isByNbdClient
                ? new NbdClientAttacher(machine.tools(), newConnections())
                : new NetlinkAttacher(machine.nbd(), newConnections(), requestTimeout, newReconnectTimeout());
    }
}
