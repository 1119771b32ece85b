package dev.ramzswap.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** Memory of this process alone, in single pages, whose places in swap it can look up. Not thread-safe. */
public final class PrivatePages implements AutoCloseable {
    public static final int PAGE_BYTES = 4096;

    private static final Path PAGEMAP = Path.of("/proc/self/pagemap");

    // Documentation/admin-guide/mm/pagemap.rst
    private static final long IS_SWAPPED = 1L << 62;
    private static final int OFFSET_SHIFT = 5;
    private static final int TYPE_MASK = (1 << OFFSET_SHIFT) - 1;
    private static final long OFFSET_MASK = (1L << 50) - 1;

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment memory;

    /** Zeroes. */
    public static PrivatePages of(int pages) throws ErrnoException {
        long bytes = (long) pages * PAGE_BYTES;
        long address = LinuxMemory.mmap(
                bytes,
                LinuxMemory.PROT_READ | LinuxMemory.PROT_WRITE,
                LinuxMemory.MAP_PRIVATE | LinuxMemory.MAP_ANONYMOUS,
                -1,
                0);
        return new PrivatePages(bytes, NativeFile.check(address, "mmap", "private pages"));
    }

    @SuppressWarnings("restricted")
    private PrivatePages(long bytes, long address) {
        this.memory = MemorySegment.ofAddress(address)
                .reinterpret(bytes, arena, segment -> LinuxMemory.munmap(segment.address(), bytes));
        LinuxMemory.madvise(address, bytes, LinuxMemory.MADV_NOHUGEPAGE); // EINVAL where there are none
    }

    public MemorySegment memory() {
        return memory;
    }

    /** Has the kernel reclaim some of them now, as far as it can (Linux 5.4). */
    public void pageOut(int first, int count) throws ErrnoException {
        MemorySegment some = memory.asSlice((long) first * PAGE_BYTES, (long) count * PAGE_BYTES);
        int result = LinuxMemory.madvise(some.address(), some.byteSize(), LinuxMemory.MADV_PAGEOUT);
        NativeFile.check(result, "madvise(MADV_PAGEOUT)", "private pages");
    }

    /** Where the first of them are in swap: type and offset, see {@link #type}, or 0 if in memory. Only for root. */
    public long[] swapEntries(int count) throws IOException {
        try (NativeFile file = NativeFile.open(PAGEMAP, NativeFile.O_RDONLY);
                Arena arena = Arena.ofConfined()) {
            MemorySegment words = arena.allocate(JAVA_LONG, count);
            file.read(words, count * Long.BYTES, memory.address() / PAGE_BYTES * Long.BYTES);
            long[] entries = words.toArray(JAVA_LONG);
            for (int i = 0; i < count; i++) {
                entries[i] = (entries[i] & IS_SWAPPED) == 0 ? 0 : entries[i];
            }
            return entries;
        }
    }

    /** The number of the swap area. */
    public static int type(long swapEntry) {
        return (int) swapEntry & TYPE_MASK;
    }

    /** The slot. */
    public static long offset(long swapEntry) {
        return swapEntry >>> OFFSET_SHIFT & OFFSET_MASK;
    }

    /** What is in swap is freed there. */
    @Override
    public void close() {
        arena.close();
    }
}
