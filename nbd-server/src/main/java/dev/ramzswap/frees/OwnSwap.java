package dev.ramzswap.frees;

import dev.ramzswap.linux.NativeFile;
import dev.ramzswap.linux.PrivatePages;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
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
    private static final int MOST = 20 * ROUND;
    private static final int LEAST = 16;
    private static final long PATIENCE_NANOS = 4_000_000_000L;
    private static final long ROUND_NANOS = 50_000_000;
    private static final int PAGE_BYTES = PrivatePages.PAGE_BYTES;

    private final PrivatePages pages;
    private final MemorySegment content;
    private final boolean[] isHere = new boolean[MOST];
    private final List<Long> slots = new ArrayList<>();

    /** How many the kernel was asked to swap out. */
    private int asked;

    /** How many of them it did. */
    private int swapped;

    /** In which areas pages are that are not here, or not yet: a bit for each number. */
    private int elsewhere;

    private int type;

    private OwnSwap(PrivatePages pages, MemorySegment content) {
        this.pages = pages;
        this.content = content;
    }

    /** @throws IOException with a message for the user, if they are not to be found on the device */
    static OwnSwap on(Path device) throws IOException {
        long[] random = new SplittableRandom()
                .longs((long) MOST * PAGE_BYTES / Long.BYTES)
                .toArray();
        OwnSwap own = new OwnSwap(PrivatePages.of(MOST), MemorySegment.ofArray(random));
        try (NativeFile file = NativeFile.open(device, NativeFile.O_RDONLY | NativeFile.O_DIRECT)) {
            own.pages.memory().copyFrom(own.content);
            own.find(file);
            return own;
        } catch (Throwable e) {
            own.close();
            throw e;
        }
    }

    private void find(NativeFile file) throws IOException {
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (!isFound()) {
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedIOException("interrupted");
            }
            if (System.nanoTime() - end >= 0) {
                throw new IOException(failure());
            }
            if (slots.size() < LEAST && asked < MOST) {
                pages.pageOut(asked, ROUND);
                asked += ROUND;
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
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment page = arena.allocate(PAGE_BYTES, PAGE_BYTES);
            for (int i = 0; i < asked; i++) {
                OptionalLong entry = pages.swapEntry(i);
                if (entry.isPresent()) {
                    swapped++;
                    compare(i, entry.getAsLong(), file, page);
                }
            }
        }
    }

    private void compare(int i, long entry, NativeFile file, MemorySegment page) throws IOException {
        if (isHere[i]) {
            return;
        }
        page.fill((byte) 0); // A slot that another area has may lie behind the end of this one.
        file.read(page, PAGE_BYTES, PrivatePages.offset(entry) * PAGE_BYTES);
        if (page.mismatch(content.asSlice((long) i * PAGE_BYTES, PAGE_BYTES)) < 0) {
            isHere[i] = true;
            add(entry);
        } else {
            elsewhere |= 1 << PrivatePages.type(entry);
        }
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
