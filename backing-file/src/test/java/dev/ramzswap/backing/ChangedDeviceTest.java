package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A backing file that is not as this version would have left it is refused in words of its own. */
class ChangedDeviceTest {
    private static final int BYTES = 24 << 20;
    private static final Label OURS = new Label(1);
    private static final Label ANOTHERS = new Label(2);

    @RegisterExtension
    private final LoopDevice loop = new LoopDevice();

    @TempDir
    Path dir;

    @Test
    void aDeviceThatWasMadeSmallerIsNotAnothersButOfAnotherSize() throws Exception {
        Path device = loop.make(BYTES);
        long capacity = FileDevice.capacity(device, 0);
        begin(device, ANOTHERS);
        fill(device, capacity);
        loop.resize(BYTES - (4 << 20));
        assertRefused(
                device,
                "a backing file that was begun when it had another size, or what somebody else has made of it since");
        IOException e =
                assertThrows(IOException.class, () -> FileDevice.reopen(device, capacity, ANOTHERS, NativeFile::open));
        assertTrue(
                e.getMessage().startsWith(device + " has become smaller: it has " + (BYTES - (4 << 20))),
                e.getMessage());
    }

    /** Its label lies in what is left blank now. */
    @Test
    void aDeviceThatAnEarlierVersionHasFilledIsSaidToBeThat() throws Exception {
        Path device = loop.make(BYTES);
        try (NativeFile file = NativeFile.open(device, NativeFile.O_RDWR)) {
            ANOTHERS.write(file, FileDevice.endOf(BYTES - 2L * SEGMENT_BYTES));
        }
        assertRefused(device, "a backing file that an earlier version of ramzswap has filled to its end");
    }

    @Test
    void aDeviceWithSomethingAtItsEndIsSomebodyElses() throws Exception {
        Path device = loop.make(BYTES);
        begin(device, ANOTHERS);
        write(device, BYTES - 5000, "data of DRBD");
        assertRefused(device, "what somebody else has made of a backing file since");
    }

    /** Labels of later versions too; the first one lay behind the records alone. */
    @Test
    void aLabelOfAnotherVersionIsSaidToBeThat() throws Exception {
        Path device = loop.make(BYTES);
        write(device, BYTES - SEGMENT_BYTES, "ramzswap  backing file v1");
        assertRefused(device, "the backing file of another version of ramzswap");
        write(device, 0, "ramzswap  backing file v3");
        assertRefused(device, "the backing file of another version of ramzswap");
        Path file = dir.resolve("file");
        write(file, 4L * SEGMENT_BYTES, "ramzswap  backing file v1" + "\0".repeat(4096 - 25));
        IOException e = assertThrows(
                IOException.class, () -> FileDevice.open(file, 4L * SEGMENT_BYTES, OURS, NativeFile::open));
        assertEquals(
                file
                        + " holds the backing file of another version of ramzswap, which would be overwritten: give another"
                        + " path, or, if nobody needs it, rm " + file,
                e.getMessage());
    }

    private static void begin(Path device, Label label) throws IOException {
        FileDevice.open(device, FileDevice.capacity(device, 0), label, NativeFile::open)
                .close();
    }

    private static void fill(Path device, long capacity) throws IOException {
        try (NativeFile file = NativeFile.open(device, NativeFile.O_RDWR);
                Arena arena = Arena.ofConfined()) {
            MemorySegment content = arena.allocate(SEGMENT_BYTES, 4096).fill((byte) 7);
            for (long at = 0; at < capacity; at += SEGMENT_BYTES) {
                file.write(content, SEGMENT_BYTES, Label.HEAD_BYTES + at);
            }
        }
    }

    private static void write(Path path, long at, String text) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.seek(at);
            file.write(text.getBytes(US_ASCII));
        }
    }

    private static void assertRefused(Path device, String content) {
        IOException e = assertThrows(IOException.class, () -> begin(device, OURS));
        String message = device + " holds " + content + ", which would be overwritten: give another path, or, if nobody"
                + " needs it, wipe its first and last 8 MiB: dd ";
        assertTrue(e.getMessage().startsWith(message), e.getMessage());
    }
}
