package dev.ramzswap.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PageSamplerTest {
    private static final long MARK = 0x5eed_0f_9a6e5L;

    private static final long MORE_THAN_RESIDENT = 768L << 20;

    @Test
    void findsEveryResidentPageOfAProcessOnce() throws IOException {
        int marked = 500;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate((long) marked * Pages.BYTES, Pages.BYTES);
            for (int i = 0; i < marked; i++) {
                memory.set(ValueLayout.JAVA_LONG, Pages.offset(i), MARK);
                memory.set(ValueLayout.JAVA_LONG, Pages.offset(i) + 8, i);
            }
            ProcessPages process = ProcessPages.of(ProcessHandle.current().pid());
            ByteBuffer pages = arena.allocate(MORE_THAN_RESIDENT).asByteBuffer().order(ByteOrder.nativeOrder());
            process.sample(pages, new Random(1));
            pages.flip();
            BitSet found = new BitSet();
            int foundPages = 0;
            for (int at = 0; at < pages.limit(); at += Pages.BYTES) {
                if (pages.getLong(at) == MARK) {
                    found.set((int) pages.getLong(at + 8));
                    foundPages++;
                }
            }
            assertEquals(marked, found.cardinality());
            assertEquals(marked, foundPages);
        }
    }

    @Test
    void samplesAsManyAsAsked() throws IOException {
        long self = ProcessHandle.current().pid();
        ByteBuffer pages = PageSampler.ofProcesses(List.of(self, self), 101, new Random(1));
        assertEquals(101 * Pages.BYTES, pages.remaining());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 25, 50, 75, 100})
    void syntheticPagesShrinkByTheShareAskedFor(int percent) {
        ByteBuffer pages = PageSampler.synthetic(16, percent, new Random(percent));
        byte[] page = new byte[Pages.BYTES];
        Deflater deflater = new Deflater();
        for (int i = 0; i < 16; i++) {
            pages.get(i * Pages.BYTES, page);
            deflater.reset();
            deflater.setInput(page);
            deflater.finish();
            int length = deflater.deflate(new byte[2 * Pages.BYTES]);
            assertEquals(100 - percent, 100.0 * length / Pages.BYTES, 5);
        }
        deflater.end();
    }

    @Test
    void theSameSeedGivesTheSamePages() {
        assertEquals(PageSampler.synthetic(8, 50, new Random(7)), PageSampler.synthetic(8, 50, new Random(7)));
    }

    @Test
    void writesAFileThatOnlyItsOwnerMayRead(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("pages");
        ByteBuffer pages = PageSampler.synthetic(3, 0, new Random(1));
        PageSampler.write(pages, file);
        assertEquals(pages, ByteBuffer.wrap(Files.readAllBytes(file)));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    }

    @Test
    void describesZeroPages() {
        assertTrue(
                PageSampler.describe(ByteBuffer.allocate(2 * Pages.BYTES)).startsWith("2 pages, 100.0 % of them zero"));
    }
}
