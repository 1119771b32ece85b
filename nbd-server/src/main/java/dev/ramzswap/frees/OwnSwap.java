package dev.ramzswap.frees;

import dev.ramzswap.linux.NativeFile;
import dev.ramzswap.linux.PrivatePages;
import java.io.IOException;
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
 * is. Others may be in others, of the same priority. Closing it frees their slots.
 */
final class OwnSwap implements AutoCloseable {
    private static final int PAGES = 64;
    private static final int LEAST = 16;
    private static final long PATIENCE_NANOS = 2_000_000_000;
    private static final long LOOK_NANOS = 5_000_000;
    private static final int PAGE_BYTES = PrivatePages.PAGE_BYTES;

    private final PrivatePages pages;
    private final List<Long> slots = new ArrayList<>();
    private int type;

    private OwnSwap(PrivatePages pages) {
        this.pages = pages;
    }

    /** @throws IOException with a message for the user, if they are not to be found on the device */
    static OwnSwap on(Path device) throws IOException {
        SplittableRandom random = new SplittableRandom();
        long[] content = random.longs((long) PAGES * PAGE_BYTES / Long.BYTES).toArray();
        OwnSwap own = new OwnSwap(PrivatePages.of(PAGES));
        try {
            own.pages.memory().copyFrom(MemorySegment.ofArray(content));
            own.pages.pageOut();
            own.compare(device, MemorySegment.ofArray(content));
            return own;
        } catch (Throwable e) {
            own.close();
            throw e;
        }
    }

    private void compare(Path device, MemorySegment content) throws IOException {
        long end = System.nanoTime() + PATIENCE_NANOS;
        int swapped = 0;
        int elsewhere = 0; // a bit for each number
        try (NativeFile file = NativeFile.open(device, NativeFile.O_RDONLY | NativeFile.O_DIRECT);
                Arena arena = Arena.ofConfined()) {
            MemorySegment page = arena.allocate(PAGE_BYTES, PAGE_BYTES);
            for (int i = 0; i < PAGES; i++) {
                OptionalLong entry = pages.swapEntry(i);
                if (entry.isEmpty()) {
                    continue;
                }
                swapped++;
                if (isThere(file, page, entry.getAsLong(), content.asSlice((long) i * PAGE_BYTES, PAGE_BYTES), end)) {
                    add(entry.getAsLong());
                } else {
                    elsewhere |= 1 << PrivatePages.type(entry.getAsLong());
                }
            }
        }
        require(swapped, elsewhere);
    }

    private void require(int swapped, int elsewhere) throws IOException {
        if (swapped < LEAST) {
            throw new IOException("the kernel has swapped out " + swapped + " of " + PAGES
                    + " pages that it was asked to: is there a limit of swap for this process (memory.swap.max)?");
        }
        if (slots.size() < LEAST) {
            throw new IOException(
                    "what the kernel swaps out first does not come here: another swap area goes before it,"
                            + " or zswap keeps it");
        }
        if ((elsewhere & 1 << type) != 0) {
            throw new IOException("of what the kernel swaps out here, not all comes: zswap keeps some");
        }
    }

    /** It may still be on its way, until the given time. */
    private static boolean isThere(NativeFile file, MemorySegment page, long entry, MemorySegment expected, long end)
            throws IOException {
        while (true) {
            file.read(page, PAGE_BYTES, PrivatePages.offset(entry) * PAGE_BYTES);
            if (page.mismatch(expected) < 0) {
                return true;
            }
            if (System.nanoTime() - end >= 0) {
                return false;
            }
            LockSupport.parkNanos(LOOK_NANOS);
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
