package dev.ramzswap.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * The pages of a running process that the kernel could swap out: resident and anonymous, in its private writable
 * mappings. They are listed by {@code /proc/PID/maps} and {@code pagemap} and read from {@code /proc/PID/mem}, without
 * stopping the process.
 */
final class ProcessPages {
    /** Bits of a word in pagemap, from the kernel's Documentation/admin-guide/mm/pagemap.rst. */
    private static final long PRESENT = 1L << 63;

    private static final long FILE_OR_SHARED = 1L << 61;
    private static final int PAGES_AT_ONCE = 8192;

    private final Path proc;
    private long[] addresses = new long[1024];
    private int count;

    private ProcessPages(Path proc) {
        this.proc = proc;
    }

    /** @param pid of a process of the same user, or of any if this is root */
    static ProcessPages of(long pid) throws IOException {
        ProcessPages pages = new ProcessPages(Path.of("/proc", Long.toString(pid)));
        try (FileChannel pagemap = FileChannel.open(pages.proc.resolve("pagemap"), StandardOpenOption.READ)) {
            for (String line : Files.readAllLines(pages.proc.resolve("maps"))) {
                String[] fields = line.split(" +", 6);
                if (fields[1].startsWith("rw") && fields[1].endsWith("p")) {
                    pages.list(pagemap, fields[0]);
                }
            }
        }
        return pages;
    }

    private void list(FileChannel pagemap, String range) throws IOException {
        int dash = range.indexOf('-');
        long page = Long.parseUnsignedLong(range, 0, dash, 16) / Pages.BYTES;
        long end = Long.parseUnsignedLong(range, dash + 1, range.length(), 16) / Pages.BYTES;
        ByteBuffer words = ByteBuffer.allocate(PAGES_AT_ONCE * Long.BYTES).order(ByteOrder.nativeOrder());
        while (page < end) {
            words.clear().limit((int) Math.min(PAGES_AT_ONCE, end - page) * Long.BYTES);
            if (pagemap.read(words, page * Long.BYTES) <= 0) {
                return;
            }
            for (words.flip(); words.remaining() >= Long.BYTES; page++) {
                if ((words.getLong() & (PRESENT | FILE_OR_SHARED)) == PRESENT) {
                    add(page * Pages.BYTES);
                }
            }
        }
    }

    private void add(long address) {
        if (count == addresses.length) {
            addresses = Arrays.copyOf(addresses, 2 * count);
        }
        addresses[count++] = address;
    }

    /**
     * Fills a buffer with pages chosen at random, none of them twice, or with all of them if they are fewer. A page
     * that is gone by then is left out.
     */
    void sample(ByteBuffer into, RandomGenerator random) throws IOException {
        try (FileChannel mem = FileChannel.open(proc.resolve("mem"), StandardOpenOption.READ)) {
            ByteBuffer page = ByteBuffer.allocateDirect(Pages.BYTES);
            for (int left = count; left > 0 && into.remaining() >= Pages.BYTES; left--) {
                int chosen = random.nextInt(left);
                long address = addresses[chosen];
                addresses[chosen] = addresses[left - 1];
                addresses[left - 1] = address;
                if (read(mem, address, page.clear())) {
                    into.put(page.flip());
                }
            }
        }
    }

    private static boolean read(FileChannel mem, long address, ByteBuffer page) {
        try {
            return mem.read(page, address) == Pages.BYTES;
        } catch (IOException e) {
            return false;
        }
    }
}
