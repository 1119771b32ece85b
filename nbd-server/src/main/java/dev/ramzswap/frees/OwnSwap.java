package dev.ramzswap.frees;

import dev.ramzswap.linux.NativeFile;
import dev.ramzswap.linux.PrivatePages;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * Pages of this process, of random content, that it has had swapped out. All that the kernel says are in one area, and
 * {@value #LEAST} at least, must be on the device where it says: so it is known which of the kernel's areas the device
 * is. Others may be in areas of the same priority: the kernel takes turns at them, for up to a cluster of 512 pages
 * each. Closing it frees their slots.
 */
final class OwnSwap implements AutoCloseable {
    private static final int ROUND = 64;
    private static final int MOST = 32 * ROUND;
    private static final int LEAST = 16;
    private static final long PATIENCE_NANOS = 4_000_000_000L;
    private static final long ROUND_NANOS = 50_000_000;
    private static final int PAGE_BYTES = PrivatePages.PAGE_BYTES;

    /** A bit of a word each, see {@link #elsewhere}: as many as an entry can name. */
    private static final int TYPES = 32;

    private final PrivatePages pages;
    private final long seed = new SplittableRandom().nextLong();
    private final boolean[] isHere = new boolean[MOST];
    private final List<Long> slots = new ArrayList<>();

    /** How many the kernel was asked to swap out. */
    private int asked;

    /** How many of them it did. */
    private int swapped;

    /** In which areas pages are that are not here, or not yet: a bit for each number. */
    private int elsewhere;

    private int type;

    /** When the kernel was last asked for more. */
    private long askedAt;

    /** How many pages of each area were looked for in this look. */
    private final int[] looks = new int[TYPES];

    private OwnSwap(PrivatePages pages) {
        this.pages = pages;
    }

    /** @throws IOException with a message for the user, if they are not to be found on the device */
    static OwnSwap on(Path device) throws IOException {
        OwnSwap own = new OwnSwap(PrivatePages.of(MOST));
        try (NativeFile file = NativeFile.open(device, NativeFile.O_RDONLY | NativeFile.O_DIRECT)) {
            for (int i = 0; i < MOST; i++) {
                own.pages.memory().asSlice((long) i * PAGE_BYTES, PAGE_BYTES).copyFrom(own.content(i));
            }
            own.find(file);
            return own;
        } catch (Throwable e) {
            own.close();
            throw e;
        }
    }

    private MemorySegment content(int page) {
        return MemorySegment.ofArray(
                new SplittableRandom(seed + page).longs(PAGE_BYTES / Long.BYTES).toArray());
    }

    private void find(NativeFile file) throws IOException {
        askedAt = System.nanoTime();
        while (!isFound()) {
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedIOException("interrupted");
            }
            if (System.nanoTime() - askedAt >= PATIENCE_NANOS) {
                throw new IOException(failure());
            }
            if (slots.size() < LEAST && asked < MOST) {
                pages.pageOut(asked, ROUND);
                asked += ROUND;
                askedAt = System.nanoTime();
            }
            LockSupport.parkNanos(ROUND_NANOS);
            compare(file);
        }
    }

    private boolean isFound() {
        return slots.size() >= LEAST && (elsewhere & 1 << type) == 0;
    }

    private String failure() {
        if (swapped < LEAST) {
            return "the kernel has swapped out " + swapped + " of " + asked
                    + " pages that it was asked to: is there a limit of swap for this process (memory.swap.max)?";
        }
        return slots.size() < LEAST
                ? "what the kernel swaps out first does not come here: another swap area goes before it, or zswap keeps it"
                : "of what the kernel swaps out here, not all comes: zswap keeps some, or the daemon is slow";
    }

    private void compare(NativeFile file) throws IOException {
        swapped = 0;
        elsewhere = 0;
        Arrays.fill(looks, 0);
        long[] entries = pages.swapEntries(asked);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment page = arena.allocate(PAGE_BYTES, PAGE_BYTES);
            for (int i = 0; i < asked; i++) {
                if (entries[i] != 0) {
                    swapped++;
                    compare(i, entries[i], file, page);
                }
            }
        }
    }

    private void compare(int i, long entry, NativeFile file, MemorySegment page) throws IOException {
        if (isHere[i] || !isLookedFor(PrivatePages.type(entry))) {
            return;
        }
        page.fill((byte) 0); // A slot that another area has may lie behind the end of this one.
        file.read(page, PAGE_BYTES, PrivatePages.offset(entry) * PAGE_BYTES);
        if (page.mismatch(content(i)) < 0) {
            isHere[i] = true;
            add(entry);
        } else {
            elsewhere |= 1 << PrivatePages.type(entry);
        }
    }

    /** Of another area a few are enough in each look, or they would take all the time. */
    private boolean isLookedFor(int type) {
        boolean isOwn = !slots.isEmpty() && type == this.type;
        return isOwn || looks[type]++ < LEAST;
    }

    private void add(long entry) throws IOException {
        if (!slots.isEmpty() && type != PrivatePages.type(entry)) {
            throw new IOException("pages of two swap areas are on this device");
        }
        type = PrivatePages.type(entry);
        slots.add(PrivatePages.offset(entry));
    }

    /** The number of the swap area. */
    int type() {
        return type;
    }

    List<Long> slots() {
        return slots;
    }

    @Override
    public void close() {
        pages.close();
    }
}
