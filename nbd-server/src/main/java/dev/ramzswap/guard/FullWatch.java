package dev.ramzswap.guard;

import dev.ramzswap.closing.Closing;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntPredicate;
import java.util.function.LongSupplier;

/**
 * Calls the kernel's OOM killer when memory and device are both full. The kernel does not do so by itself: while the
 * device has free slots it takes all anonymous memory for reclaimable, writes it again and again, each page of it is
 * refused, and any one page that is reclaimed meanwhile starts its count of fruitless passes anew (mm/page_alloc.c,
 * should_reclaim_retry). In a guest of 560 MB that went on for 100 s and two million refused pages, and might as well
 * have been for ever. So when pages have been refused for some time on end and no memory was available, this asks for
 * the OOM killer by sysrq f (Documentation/admin-guide/sysrq.rst).
 *
 * <p>Not while other swap takes what this one refuses, or might: the kernel comes to it only when all slots of the
 * device of higher priority are taken, by pages that it refuses too. If other swap has room, and still holds no more
 * than it did at most for a long time, then the kernel does not come to it. Other swap that is full may give a page
 * back now and then and take it again, which is no help.
 *
 * <p>All files are open from the start, and none needs memory of the kernel once the first was read.
 */
public final class FullWatch implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(FullWatch.class.getName());

    private static final Duration INTERVAL = Duration.ofMillis(250);

    /** The first ones, which all others are made in (include/linux/proc_ns.h, PROC_PID_INIT_INO). */
    private static final List<String> MACHINES_NAMESPACES = List.of("pid:[4026531836]", "user:[4026531837]");

    /** How often in succession it must have been so. */
    private static final int LOOKS = 8;

    /** How often, if there is other swap with room: it may be a disk that takes its time. */
    private static final int LOOKS_WITH_OTHER_ROOM = 80;

    /** Looks to wait after a kill for its effect. */
    private static final int LOOKS_AFTER_KILL = 20;

    /** A hundredth of the memory: less is none, since the kernel counts what it can get only by losing other data. */
    private static final int AVAILABLE_SHIFT = 7;

    private static final byte[] TOTAL = "MemTotal:".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] AVAILABLE = "MemAvailable:".getBytes(StandardCharsets.US_ASCII);

    private final LongSupplier refused;
    private final FileChannel meminfo;
    private final OtherSwap otherSwap;
    private final FileChannel trigger;
    private final ByteBuffer text = ByteBuffer.allocateDirect(4096);
    private final ByteBuffer key = ByteBuffer.allocateDirect(1).put(0, (byte) 'f');
    private final Thread thread;
    private volatile boolean isClosed;
    private long seen;
    private int fullLooks;
    /** KiB that other swap has held at most since memory became short. */
    private long mostElsewhere;

    private int looksToSkip;

    /** Whether the last look has, which was said then. */
    private boolean hasFailed;

    /**
     * Watches this machine.
     *
     * @param refused how many pages have been refused so far
     * @param isOwn whether the network block device of a number is served by this process
     * @throws IOException with the reason, if it cannot, or this is a container: the OOM killer would come to all of
     *     the machine, of which this process sees a part
     */
    public static FullWatch ofMachine(LongSupplier refused, IntPredicate isOwn) throws IOException {
        Path proc = Path.of("/proc");
        requireMachine(proc.resolve("self/ns"));
        return new FullWatch(refused, isOwn, proc, INTERVAL);
    }

    /** @param namespaces {@code /proc/self/ns} */
    static void requireMachine(Path namespaces) throws IOException {
        for (String namespace : MACHINES_NAMESPACES) {
            String kind = namespace.substring(0, namespace.indexOf(':'));
            if (!Files.readSymbolicLink(namespaces.resolve(kind)).toString().equals(namespace)) {
                throw new IOException("this is a container (" + kind + " namespace), and it is for the machine to do");
            }
        }
    }

    /**
     * @param proc {@code /proc}, or what there is of it
     * @param interval from look to look
     */
    FullWatch(LongSupplier refused, IntPredicate isOwn, Path proc, Duration interval) throws IOException {
        this.refused = refused;
        this.meminfo = open(proc.resolve("meminfo"), StandardOpenOption.READ);
        try {
            this.otherSwap = new OtherSwap(open(proc.resolve("swaps"), StandardOpenOption.READ), isOwn);
        } catch (IOException e) {
            Closing.after(e, meminfo);
            throw e;
        }
        try {
            this.trigger = open(proc.resolve("sysrq-trigger"), StandardOpenOption.WRITE);
        } catch (IOException e) {
            Closing.after(e, otherSwap);
            Closing.after(e, meminfo);
            throw e;
        }
        thread = Thread.ofPlatform().daemon().name("full-watch").unstarted(() -> run(interval));
        start();
    }

    private void start() throws IOException {
        try {
            seen = refused.getAsLong();
            thread.start();
        } catch (OutOfMemoryError e) { // no thread is to be had
            close();
            throw new IOException(e.getMessage(), e);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private static FileChannel open(Path path, StandardOpenOption how) throws IOException {
        try {
            return FileChannel.open(path, how);
        } catch (IOException e) {
            throw new IOException(path + " cannot be opened", e);
        }
    }

    private void run(Duration interval) {
        while (!isClosed) {
            tryLook();
            LockSupport.parkNanos(interval.toNanos());
        }
    }

    /** Whatever goes wrong, the next look may be well. */
    private void tryLook() {
        try {
            look();
            hasFailed = false;
        } catch (IOException | RuntimeException | Error e) {
            fullLooks = 0;
            boolean isNew = !hasFailed;
            hasFailed = true;
            if (isNew) {
                say(e);
            }
        }
    }

    private static void say(Throwable failure) {
        try {
            LOG.log(Level.ERROR, "whether memory and swap are full cannot be told: " + failure);
        } catch (Throwable e) {
            // If memory is short, there may be none for words about it either.
        }
    }

    private void look() throws IOException {
        // Also read when it does not matter: the first time is not when memory is short.
        boolean isMemoryFull = isMemoryFull();
        boolean isShort = isRefusing() && isMemoryFull;
        if (!isMemoryFull) {
            otherSwap.askAnewInTime();
        }
        otherSwap.look();
        boolean isHelped = otherSwap.used() > mostElsewhere;
        if (!isShort || isHelped) {
            mostElsewhere = otherSwap.used();
        }
        if (looksToSkip > 0) {
            looksToSkip--;
            return;
        }
        fullLooks = isShort && !isHelped ? fullLooks + 1 : 0;
        if (fullLooks >= (otherSwap.hasRoom() ? LOOKS_WITH_OTHER_ROOM : LOOKS)) {
            fullLooks = 0;
            looksToSkip = LOOKS_AFTER_KILL;
            trigger.write(key.clear());
            LOG.log(Level.ERROR, "memory and swap are full: asked the kernel's OOM killer to end the largest process");
        }
    }

    private boolean isRefusing() {
        long before = seen;
        seen = refused.getAsLong();
        return seen != before;
    }

    private boolean isMemoryFull() throws IOException {
        meminfo.read(text.clear(), 0);
        return kilobytes(AVAILABLE) < kilobytes(TOTAL) >> AVAILABLE_SHIFT;
    }

    /** The number behind a label; 0 if it is not there. */
    private long kilobytes(byte[] label) {
        int at = 0;
        while (at < text.position() && !isAt(label, at)) {
            at++;
        }
        long value = 0;
        for (at += label.length; at < text.position() && text.get(at) != '\n'; at++) {
            int digit = text.get(at) - '0';
            if (digit >= 0 && digit <= 9) {
                value = value * 10 + digit;
            }
        }
        return value;
    }

    private boolean isAt(byte[] label, int at) {
        int i = 0;
        while (i < label.length && at + i < text.position() && text.get(at + i) == label[i]) {
            i++;
        }
        return i == label.length;
    }

    @Override
    public void close() {
        isClosed = true;
        LockSupport.unpark(thread);
        try {
            thread.join();
            meminfo.close();
            otherSwap.close();
            trigger.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "the watch for a full machine: " + e);
        }
    }
}
