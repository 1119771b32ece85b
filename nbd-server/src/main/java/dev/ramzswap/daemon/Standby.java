package dev.ramzswap.daemon;

import dev.ramzswap.closing.Closing;
import dev.ramzswap.config.Config;
import dev.ramzswap.config.ExportConfig;
import dev.ramzswap.linux.NativeFile;
import dev.ramzswap.store.StoreConfig;
import dev.ramzswap.store.StoreState;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * The place of the daemon that takes over an export next. Of several daemons with the same state, the one that has the
 * state's locks serves; one has this place, the lock of {@code NAME.standby}, and waits for these; all others wait for
 * the place. Locks of files (flock) do all of it: the kernel gives one up when the last thread of its process has
 * ended, so who gets it knows that the other will do nothing more, and is woken within microseconds.
 *
 * <pre>
 *   waits for the place ──► stands by ──► serves ──► ends
 *                           (NAME.standby)  (NAME.map and the others)
 * </pre>
 *
 * <p>Who serves several exports leaves when somebody stands by for each of them.
 *
 * <p>Both daemons may be told to end in one job ({@code systemctl stop} after a swapoff that failed), and then one must
 * go on. Each first says what it is about to do, and then looks at the other:
 *
 * <pre>
 *   who serves    makes NAME.leaving,   then looks at the place:    taken: leaves   free: drains    ({@link #mayLeave})
 *   who stands by gives the place up,   then looks for NAME.leaving: there: stays    not: ends       ({@link #withdraw})
 * </pre>
 *
 * Who serves looks again and again while it drains, and twice before it leaves. So who stays has the place, or they
 * would wait for each other: it keeps the place if the mark is there already, and takes it again if it finds the mark
 * when it has given the place up.
 *
 * <ul>
 *   <li>Whatever the order, one of them looks last, and sees what the other has done; so never do both end. If who
 *       serves looked while the place was free, it drains for a moment, finds the place taken, and leaves. If nobody is
 *       attached any more by then, both end: {@link #awaitTurn}.
 *   <li>Who cannot take the place again ends, as another has it now that the mark is there. If that is who serves,
 *       which is just looking, it finds the place free, and stays. If it is a third one, which waited for the place,
 *       that one stays: should it be told to end as well, it finds the mark, and keeps the place or takes it again.
 *       Each gives the place up once at most, so there is a last one, and it has the place.
 *   <li>The mark outlives who made it: who stands by finds it also if the other is killed meanwhile, and then has the
 *       state's locks. It goes when the next one has these locks, or finds them free and gives its place up, or when
 *       who made it ends with nobody attached ({@link #unmark}); one that is out of date only makes somebody stay.
 *   <li>Who serves and is killed before it has made the mark was not about to leave: then it is as ever, the place's
 *       holder takes over. If that has just given the place up, nobody does, as after the kill of any daemon that is
 *       alone; the state stays, for whoever is started within the kernel's time to reconnect.
 *   <li>Who stands by and is killed is not seen after the last look of who leaves, which is some microseconds before it
 *       ends. Nothing is lost by that either, if one of them is started again, as systemd does.
 * </ul>
 *
 * <p>Thread-safe: a signal may come at any time.
 */
final class Standby implements Closeable {
    /** Who waits for the place is not the next one. */
    private static final Duration LOOK = Duration.ofMillis(100);

    /** Who serves has the place's lock for less, each time that it looks. */
    private static final Duration GLANCE = Duration.ofMillis(50);

    private final StoreConfig state;
    private final Runnable whileFree;
    private final NativeFile place;
    private final Path mark;
    private boolean hasPlace;
    private boolean isTurn;
    private boolean isToldToEnd;
    private boolean isOpen = true;

    /** One that could not take over is refused: that a daemon has the place is a reason for another one to end. */
    Standby(Config config) throws IOException {
        this(config, () -> {});
    }

    /**
     * @param whileFree is run when it has given the place up, and does not know yet whether it stays; a seam for tests
     */
    Standby(Config config, Runnable whileFree) throws IOException {
        ExportConfig export = config.exports().getFirst();
        this.state = export.store(config);
        this.whileFree = whileFree;
        StoreState.requireReadable(state);
        mark = mark(config, export);
        place = NativeFile.open(place(config, export), NativeFile.O_RDWR | NativeFile.O_CREAT);
    }

    /**
     * Waits until this daemon is the next.
     *
     * @param beforeWaiting is run if another is
     */
    void awaitPlace(Runnable beforeWaiting) throws IOException, InterruptedException {
        if (takePlace()) {
            return;
        }
        beforeWaiting.run();
        while (!takePlace()) {
            Thread.sleep(LOOK);
        }
    }

    /** Under the monitor, and so without waiting: one that is told to end must know whether it has the place. */
    private synchronized boolean takePlace() throws IOException {
        hasPlace = !isToldToEnd && place.tryLock();
        return hasPlace;
    }

    /**
     * Waits until nobody serves the state any more.
     *
     * @param beforeWaiting is run if somebody does
     * @return false if this daemon was told to end, and nobody needs it any more
     */
    boolean awaitTurn(Runnable beforeWaiting) throws IOException, InterruptedException {
        StoreState.awaitFree(state, beforeWaiting);
        synchronized (this) {
            isTurn = !isToldToEnd || isMarked();
            return isTurn;
        }
    }

    /**
     * This daemon is told to end: it leaves the place to the next, unless it takes over already.
     *
     * @return whether nobody needs it; else it is to wait on, and to serve for who is attached
     */
    synchronized boolean withdraw() {
        isToldToEnd = true;
        if (isTurn || !hasPlace) {
            return !isTurn;
        }
        return !isMarked() && (givesPlaceUp() || !takesPlaceAgain());
    }

    /** @return whether who serves was not about to leave to this one */
    private boolean givesPlaceUp() {
        hasPlace = false;
        Closing.quietly(place::unlock);
        whileFree.run();
        return !isMarked();
    }

    private boolean takesPlaceAgain() {
        Closing.quietly(() -> hasPlace = place.tryLock(GLANCE));
        return hasPlace;
    }

    /** Leaves the place to the next. Closing it again does nothing. */
    @Override
    public synchronized void close() throws IOException {
        if (isOpen) {
            isOpen = false;
            hasPlace = false;
            place.close();
        }
    }

    /** Says that the daemon that serves is about to leave. @return whether it may, as another one stands by */
    static boolean mayLeave(Config config) {
        if (config.stateDir().isEmpty()) {
            return false;
        }
        try {
            for (ExportConfig export : config.exports()) {
                NativeFile.open(mark(config, export), NativeFile.O_RDWR | NativeFile.O_CREAT)
                        .close();
            }
            for (ExportConfig export : config.exports()) {
                if (isFree(place(config, export))) {
                    return false;
                }
            }
            return true;
        } catch (IOException e) {
            return false; // no place, as nobody ever stood by, or no descriptor left: no reason to end
        }
    }

    private static boolean isFree(Path place) throws IOException {
        try (NativeFile file = NativeFile.open(place, NativeFile.O_RDWR)) {
            return file.tryLock();
        }
    }

    /** The daemon that serves has just begun to, or ends with nobody attached. */
    static void unmark(Config config) {
        if (config.stateDir().isPresent()) {
            Closing.quietly(() -> removeMarks(config));
        }
    }

    private static void removeMarks(Config config) throws IOException {
        for (ExportConfig export : config.exports()) {
            Files.deleteIfExists(mark(config, export));
        }
    }

    private boolean isMarked() {
        return Files.exists(mark);
    }

    private static Path mark(Config config, ExportConfig export) throws IOException {
        return path(config, export, ".leaving");
    }

    private static Path place(Config config, ExportConfig export) throws IOException {
        return path(config, export, ".standby");
    }

    private static Path path(Config config, ExportConfig export, String suffix) throws IOException {
        return StoreState.makeDirectory(config.stateDir().orElseThrow()).resolve(export.name() + suffix);
    }
}
