package dev.ramzswap.attach;

import dev.ramzswap.daemon.Attachment;
import dev.ramzswap.linux.NativeSocket;
import dev.ramzswap.linux.ProcessId;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Gives the devices of an export new connections in place of dead ones: all, when their daemon died and another has
 * taken over its store; one, when the kernel has cut it because the daemon did not answer in time. The kernel keeps
 * such a device, and the requests that were not answered, until its time to reconnect is over; it knows which store it
 * belongs to ({@link Backend}). For each dead connection, this makes one to the daemon's own socket, like any client,
 * and offers it to the kernel, which then sends again what was not answered.
 *
 * <p>The kernel takes it only when it has noticed that one is dead, and much else may go wrong while memory is short.
 * So whatever goes wrong is tried again, at longer and longer intervals, for as long as the kernel lacks a connection.
 * For one thread.
 */
final class Reattach implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Reattach.class.getName());

    /** What {@link #step} returns when no device lacks a connection. */
    static final long NOTHING_TO_DO = Long.MAX_VALUE;

    private static final long FIRST_PAUSE = Duration.ofMillis(10).toNanos();
    private static final long LONGEST_PAUSE = Duration.ofSeconds(1).toNanos();
    private static final long BETWEEN_WARNINGS = Duration.ofMinutes(1).toNanos();

    /** The kernel notices within milliseconds; but when memory is short, whatever it does may take long. */
    private static final long NOTICING = Duration.ofSeconds(5).toNanos();

    private static final ProcessId NOBODY = new ProcessId(0, 0);
    private static final String CANNOT_REPLACE = "connections of the kernel that break cannot be replaced: ";

    private final KernelFiles files;
    private final NbdDriver driver;
    private final Attachment attachment;
    private final Path socket;

    private Offer offer;
    private long pause = FIRST_PAUSE;
    /** When it may offer again. */
    private long due = System.nanoTime();

    private long lackingSince;
    private long warnedAt;
    private boolean isLacking;
    private boolean hasWarned;
    private int replaced;

    /** @param socket where the export is served */
    Reattach(Machine machine, Attachment attachment, Path socket) {
        this.files = machine.files();
        this.driver = machine.nbd();
        this.attachment = attachment;
        this.socket = socket;
    }

    /**
     * Offers what is missing, if it is time to.
     *
     * @return nanoseconds until the next step, or {@link #NOTHING_TO_DO}
     */
    long step() {
        long now = System.nanoTime();
        if (due - now > 0) {
            return due - now;
        }
        try {
            int missing = attachment.missing();
            if (missing == 0) {
                end();
                return NOTHING_TO_DO;
            }
            begin(now);
            offer(missing);
            if (System.nanoTime() - lackingSince > NOTICING) {
                warn("the kernel takes no connection");
            }
        } catch (IOException | RuntimeException | Error e) {
            withdraw();
            warn(e instanceof IOException ? e.getMessage() : e.toString());
        }
        return pause(now);
    }

    /** A connection that breaks as soon as it is made must not begin it all anew. */
    private void begin(long now) {
        if (!isLacking) {
            isLacking = true;
            lackingSince = now;
            replaced = 0;
        }
        if (now - due > LONGEST_PAUSE) {
            pause = FIRST_PAUSE;
        }
    }

    private long pause(long now) {
        long nanos = pause;
        due = now + nanos;
        pause = Math.min(2 * pause, LONGEST_PAUSE);
        return nanos;
    }

    /** As many as are missing, up to the first that is not taken. */
    private void offer(int missing) throws IOException {
        for (NbdDevice device : NbdDevice.all(files)) {
            Optional<Backend> backend = waiting(device);
            while (missing > 0 && backend.isPresent() && isTaken(device, backend.get())) {
                missing--;
                replaced++;
            }
        }
    }

    /** Nothing if it does not belong to the export, or is about to be detached. */
    private Optional<Backend> waiting(NbdDevice device) throws IOException {
        return device.backend()
                .filter(backend -> backend.isOf(attachment.export(), attachment.identity()))
                .filter(backend -> attachment.isWaiting(backend.attacher()));
    }

    private boolean isTaken(NbdDevice device, Backend backend) throws IOException {
        if (offer == null) {
            offer = Offer.of(attachment, socket);
        }
        boolean isTaken = offer.to(device, backend, driver);
        if (isTaken) {
            withdraw();
        }
        return isTaken;
    }

    /** Whatever goes wrong, it is over then: to end it twice would hide a connection that is missing. */
    private void withdraw() {
        if (offer != null) {
            Offer ended = offer;
            offer = null;
            close(ended);
        }
    }

    private static void close(Offer offer) {
        try {
            offer.close();
        } catch (IOException | RuntimeException | Error e) {
            LOG.log(Level.DEBUG, "an offer was not closed in order", e);
        }
    }

    private void warn(String why) {
        long now = System.nanoTime();
        if (!hasWarned || now - warnedAt > BETWEEN_WARNINGS) {
            hasWarned = true;
            warnedAt = now;
            LOG.log(Level.ERROR, attachment.export() + " is not reattached: " + why + ": this is tried again");
        }
    }

    /** Nothing is missing, or nobody is there any more that misses it. */
    private void end() {
        withdraw();
        if (isLacking && replaced > 0) {
            LOG.log(Level.INFO, attachment.export() + " is reattached, connections replaced: " + replaced);
        } else if (hasWarned) {
            LOG.log(Level.INFO, attachment.export() + " lacks no connection any more");
        }
        isLacking = false;
        hasWarned = false;
    }

    /** Goes the whole way once without an effect, to the end of the offer: afterwards it loads no class. */
    void rehearse() {
        try {
            rehearseDriver();
            Offer.of(attachment, socket).close();
        } catch (IOException | RuntimeException | Error e) {
            LOG.log(Level.WARNING, CANNOT_REPLACE + e);
        }
    }

    /** The same with another daemon, which may let nobody in, or be gone by now: this one can let in all the same. */
    void rehearseWithAnother() {
        try {
            rehearseDriver();
            rehearseOffer();
        } catch (IOException | RuntimeException | Error e) {
            LOG.log(Level.WARNING, CANNOT_REPLACE + e);
        }
    }

    private void rehearseDriver() throws IOException {
        Backend backend = new Backend(attachment.export(), attachment.identity(), 0, NOBODY);
        try (NativeSocket unused = NativeSocket.unconnected()) {
            for (NbdDevice device : NbdDevice.all(files)) {
                Optional<Backend> none = waiting(device);
            }
            driver.rehearse(Backend.parse(backend.toString()).orElse(backend), unused);
        }
    }

    private void rehearseOffer() {
        try (Offer offer = Offer.of(attachment, socket)) {
            offer.sayGoodbye();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "this daemon lets in all the same", e);
        }
    }

    @Override
    public void close() {
        withdraw();
    }
}
