package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which files may be written to: what says that is the label. */
class LabelTest {
    private static final long BYTES = 4L * SEGMENT_BYTES;
    private static final Label OURS = new Label(1);
    private static final Label ANOTHERS = new Label(2);

    @TempDir
    Path dir;

    private Path path;

    @BeforeEach
    void choosePath() {
        path = dir.resolve("file");
    }

    @Test
    void followsFromTheKeyAndDoesNotHoldIt() {
        long[] key = {1, 2, 3, 4};
        Label label = Label.of(MemorySegment.ofArray(key));
        assertEquals(label, Label.of(MemorySegment.ofArray(key.clone())));
        assertNotEquals(label, Label.of(MemorySegment.ofArray(new long[] {1, 2, 3, 5})));
        assertNotEquals(1, label.owner());
    }

    @Test
    void aFileIsReopenedByItsOwner() throws IOException {
        begin(BYTES, OURS);
        reopen();
        setLength(3 * BYTES);
        reopen();
        assertEquals(Label.HEAD_BYTES + BYTES + Label.BYTES, Files.size(path));
    }

    @Test
    void aFileOfAnotherIsNotReopened() throws IOException {
        begin(BYTES, ANOTHERS);
        assertNotReopened();
    }

    @Test
    void aFileWithTheLabelElsewhereIsNotReopened() throws IOException {
        begin(2 * BYTES, OURS);
        assertNotReopened();
    }

    @Test
    void aBlankFileIsNotReopened() throws IOException {
        Files.write(path, new byte[Label.HEAD_BYTES + (int) BYTES + Label.BYTES]);
        assertNotReopened();
    }

    @Test
    void aMissingFileIsNotMadeWhenItIsToBeReopened() {
        assertThrows(IOException.class, this::reopen);
        assertFalse(Files.exists(path));
    }

    @Test
    void anybodysBackingFileIsTakenForANewOne() throws IOException {
        begin(2 * BYTES, ANOTHERS);
        begin(BYTES, OURS);
        reopen();
    }

    /** It may have been given to somebody else after it was made larger. */
    @Test
    void aFileWithALabelInItsMidstIsOtherContent() throws IOException {
        begin(BYTES, OURS);
        setLength(3 * BYTES);
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.writeBytes("somebody else's");
        }
        byte[] content = Files.readAllBytes(path);
        assertThrows(IOException.class, () -> begin(BYTES, OURS));
        assertArrayEquals(content, Files.readAllBytes(path));
    }

    /** As mkfs leaves a device: the label behind is still there. Btrfs is the one that writes the least, at 64 KiB. */
    @ParameterizedTest
    @ValueSource(ints = {0, 512, 1024, 65_600, 262_143})
    void whatBecameAFileSystemIsNeitherBegunNorReopened(int at) throws IOException {
        begin(BYTES, OURS);
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.write(new byte[Label.HEAD_BYTES]);
            file.seek(at);
            file.write(1);
        }
        assertNotReopened();
        byte[] content = Files.readAllBytes(path);
        assertThrows(IOException.class, () -> begin(BYTES, OURS));
        assertArrayEquals(content, Files.readAllBytes(path));
    }

    /** Killed while it wrote the head. */
    @Test
    void aFileThatWasNotBegunInFullIsBegunAnew() throws IOException {
        begin(BYTES, ANOTHERS);
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.seek(Label.HEAD_BYTES / 2);
            file.write(new byte[Label.HEAD_BYTES / 2]);
            file.setLength(file.length() - Label.BYTES);
        }
        begin(BYTES, OURS);
        reopen();
    }

    private void begin(long bytes, Label label) throws IOException {
        FileDevice.open(path, bytes, label, NativeFile::open).close();
    }

    private void reopen() throws IOException {
        FileDevice.reopen(path, BYTES, OURS, NativeFile::open).close();
    }

    private void assertNotReopened() throws IOException {
        byte[] content = Files.readAllBytes(path);
        assertThrows(IOException.class, this::reopen);
        assertArrayEquals(content, Files.readAllBytes(path));
    }

    private void setLength(long bytes) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(bytes);
        }
    }
}
