package dev.ramzswap.linux;

import java.io.InterruptedIOException;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Tells, every two seconds of something that takes longer, how far it has come: the log, and who waits for this
 * thread's work; and ends it when that one has no more use for it. Not thread-safe.
 */
public final class Progress {
    private static final System.Logger LOG = System.getLogger(Progress.class.getName());

    /** Who waits for what the thread does that has it bound. */
    public static final ScopedValue<Consumer<String>> LISTENER = ScopedValue.newInstance();

    /** Why who waits for it has no more use for it, if that is so; asked after each piece. */
    public static final ScopedValue<Supplier<Optional<String>>> STOPPED = ScopedValue.newInstance();

    /** Nanoseconds; asked at the beginning and after each piece. Tests have slower devices than they can wait for. */
    public static final ScopedValue<LongSupplier> CLOCK = ScopedValue.newInstance();

    private static final long EVERY_NANOS = 2_000_000_000L;
    private static final int MIB_SHIFT = 20;

    private final String what;
    private final long total;
    private final LongSupplier clock = CLOCK.orElse(System::nanoTime);
    private final Supplier<Optional<String>> stopped = STOPPED.orElse(Optional::empty);
    private long told = clock.getAsLong();

    /**
     * @param what is being done, as in "reading FILE"
     * @param total bytes of it
     */
    public Progress(String what, long total) {
        this.what = what;
        this.total = total;
    }

    /**
     * Says how many bytes of it are done. To be called often: nothing may take minutes between two of these.
     *
     * @throws InterruptedIOException if it is to go no further
     */
    public void at(long done) throws InterruptedIOException {
        Optional<String> why = stopped.get();
        if (why.isPresent()) {
            throw new InterruptedIOException(why.get() + " while " + what);
        }
        long now = clock.getAsLong();
        if (now - told < EVERY_NANOS) {
            return;
        }
        told = now;
        String how = what + ": " + (done >> MIB_SHIFT) + " of " + (total >> MIB_SHIFT) + " MiB";
        LOG.log(Level.INFO, how);
        LISTENER.orElse(_ -> {}).accept(how);
    }
}
