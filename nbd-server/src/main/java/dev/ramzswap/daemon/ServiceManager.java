package dev.ramzswap.daemon;

import dev.ramzswap.linux.DatagramSender;
import dev.ramzswap.linux.ErrnoException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Tells systemd how the daemon is, in the words of sd_notify(3), if it was started by systemd: when it is ready, what
 * it does, and, as often as it was asked, that the JVM still runs. A thread that waits behind a stuck safepoint says no
 * more. Never blocks, as systemd itself may wait for a page that is swapped out. Thread-safe.
 */
final class ServiceManager implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(ServiceManager.class.getName());

    /** More than what a disk that is slow, or fails and is tried again, takes for a piece. */
    private static final int PATIENCE_MICROS = 120_000_000;

    /** Between two beats: one that asks for less would have them without a pause. */
    private static final long LEAST_MICROS = 1000;

    /**
     * Beats within the watchdog's time. Once in half of it is usual (sd_watchdog_enabled(3)), but while the kernel
     * tries to freeze all programs and then its own threads, 40 s long, there is none, and systemd's clock runs on.
     */
    private static final int BEATS = 10;

    /** Null without systemd. */
    private final DatagramSender sender;

    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread heart;

    private ServiceManager(DatagramSender sender, long watchdogMicros) {
        this.sender = sender;
        this.heart = Thread.ofPlatform()
                .daemon()
                .name("heartbeat")
                .unstarted(() -> beat(Math.max(LEAST_MICROS, watchdogMicros / BEATS)));
        if (sender != null && watchdogMicros > 0) {
            heart.start();
        }
    }

    /** The one that these variables tell of, or one that hears nothing; what makes no sense there is logged. */
    static ServiceManager of(Map<String, String> variables) throws ErrnoException {
        String socket = variables.getOrDefault("NOTIFY_SOCKET", "");
        if (!socket.startsWith("/") && !socket.startsWith("@")) {
            return new ServiceManager(null, 0);
        }
        try {
            return new ServiceManager(new DatagramSender(socket), watchdog(variables));
        } catch (IllegalArgumentException e) {
            LOG.log(Level.WARNING, "NOTIFY_SOCKET: " + e.getMessage() + ": the service manager is told nothing");
            return new ServiceManager(null, 0);
        }
    }

    private static long watchdog(Map<String, String> variables) {
        String micros = variables.getOrDefault("WATCHDOG_USEC", "0");
        if (!variables.getOrDefault("WATCHDOG_PID", own()).equals(own())) {
            return 0;
        }
        if (!micros.matches("\\d{1,18}")) {
            LOG.log(Level.WARNING, "WATCHDOG_USEC: '" + micros + "' is no number of microseconds: no watchdog is fed");
            return 0;
        }
        return Long.parseLong(micros);
    }

    private static String own() {
        return Long.toString(ProcessHandle.current().pid());
    }

    void ready(String status) {
        tell("READY=1\nSTATUS=" + status);
    }

    /** Says that a start goes on, which systemd gives up else when it takes longer than TimeoutStartSec. */
    void goesOn(String status) {
        tell("EXTEND_TIMEOUT_USEC=" + PATIENCE_MICROS + "\nSTATUS=" + status);
    }

    /** One line that {@code systemctl status} shows. */
    void status(String status) {
        tell("STATUS=" + status);
    }

    private void tell(String message) {
        if (sender == null) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocateFrom(message);
            sender.send(text.asSlice(0, text.byteSize() - 1));
        } catch (ErrnoException e) {
            LOG.log(
                    Level.WARNING,
                    "cannot tell systemd '" + message.lines().findFirst().orElseThrow() + "'",
                    e);
        }
    }

    private void beat(long micros) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocateFrom("WATCHDOG=1");
            MemorySegment message = text.asSlice(0, text.byteSize() - 1);
            while (!closed.await(micros, TimeUnit.MICROSECONDS)) {
                try {
                    sender.send(message);
                } catch (ErrnoException e) {
                    // systemd is busy: the next one will do. A log on every beat would help nobody.
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Says that the daemon ends, and no more after that. */
    @Override
    public void close() {
        if (sender == null) {
            return;
        }
        tell("STOPPING=1");
        closed.countDown();
        try {
            heart.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        sender.close();
    }
}
