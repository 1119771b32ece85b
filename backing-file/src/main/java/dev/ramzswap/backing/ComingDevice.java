package dev.ramzswap.backing;

import dev.ramzswap.closing.Joins;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.Future.State;
import java.util.concurrent.FutureTask;

/**
 * A device whose disk does not answer while it is opened: whoever reads or writes waits until it is open, as for any
 * slow disk. Nobody else does, since pages that lie in memory are waited for, too. {@link #close} waits likewise: no
 * device is opened behind the back of whoever has closed it, and nobody but him has its lock.
 */
final class ComingDevice implements BlockDevice {
    private static final System.Logger LOG = System.getLogger(ComingDevice.class.getName());

    private final Path path;
    private final FutureTask<BlockDevice> opening;
    private final Thread opener;

    private ComingDevice(Path path, Callable<BlockDevice> opening) {
        this.path = path;
        this.opening = new FutureTask<>(opening);
        this.opener = Thread.ofPlatform().daemon().name("backing-opener").unstarted(this.opening);
    }

    /**
     * Opens a device, and returns it, or, if that takes longer, one that will be it.
     *
     * @param path names it for people
     * @throws IOException if it cannot be opened, as far as that is known by then
     */
    static BlockDevice open(Path path, Callable<BlockDevice> opening, Duration patience) throws IOException {
        ComingDevice coming = new ComingDevice(path, opening);
        coming.opener.start();
        if (coming.isOpenWithin(patience)) {
            return coming.opened();
        }
        LOG.log(
                Level.WARNING,
                "the disk of " + coming + " does not answer: until it does, who needs a page that lies there waits");
        return coming;
    }

    private boolean isOpenWithin(Duration patience) {
        try {
            return opener.join(patience);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private BlockDevice opened() throws IOException {
        Joins.uninterruptibly(opener);
        if (opening.state() != State.SUCCESS) {
            Throwable cause = opening.exceptionNow();
            throw new IOException(this + " cannot be opened: " + cause, cause);
        }
        return opening.resultNow();
    }

    @Override
    public int read(MemorySegment into, int length, long position) throws IOException {
        return opened().read(into, length, position);
    }

    @Override
    public int write(MemorySegment from, int length, long position) throws IOException {
        return opened().write(from, length, position);
    }

    @Override
    public boolean isWritable() {
        return !opening.isDone()
                || opening.state() == State.SUCCESS && opening.resultNow().isWritable();
    }

    @Override
    public boolean isOpen() {
        return opening.isDone();
    }

    @Override
    public void undoOpening() throws IOException {
        opened().undoOpening();
    }

    @Override
    public void close() throws IOException {
        opened().close();
    }

    @Override
    public String toString() {
        return "backing file " + path;
    }
}
