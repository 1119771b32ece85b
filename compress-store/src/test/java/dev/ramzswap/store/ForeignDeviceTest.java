package dev.ramzswap.store;

import static dev.ramzswap.store.Daemons.SLOTS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.LoopDevice;
import dev.ramzswap.store.Daemons.Found;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A block device that may be somebody's is refused, and not written to. */
class ForeignDeviceTest {
    private static final int BYTES = 40 << 20;
    private static final int END = 8 << 20;
    private static final int BTRFS = 0x10040;

    @TempDir
    Path directory;

    @RegisterExtension
    private final LoopDevice loop = new LoopDevice();

    /** Btrfs, behind 1 MiB, a label of RAID at the end, and where the looks at both ends end. */
    @ParameterizedTest
    @ValueSource(ints = {BTRFS, 1 << 20, END - 1, BYTES - END, BYTES - 8192, BYTES - 1})
    void whatIsNotBlankIsRefused(int at) throws IOException, InterruptedException {
        Path device = loop.make(BYTES);
        write(device, at, "_BHRfS_M");
        assertRefused(device, at == BTRFS ? "btrfs" : "other content");
    }

    /** The label of the backing file that it was is still at its end. */
    @Test
    void whatBecameAFileSystemIsRefused() throws IOException, InterruptedException {
        Path device = loop.make(BYTES);
        Daemons.store(config(device), Daemons.FEW, 0);
        Files.delete(directory.resolve("state/test.map"));
        write(device, 0, "\0".repeat(2 << 20));
        write(device, BTRFS, "_BHRfS_M");
        assertRefused(device, "btrfs");
    }

    /** Linux RAID 0.90, and 1.0 or a controller's, leave the label in front as it is. */
    @ParameterizedTest
    @ValueSource(ints = {BYTES - (64 << 10), BYTES - 8192, BYTES - 3087 * 512})
    void whatBecameAMemberOfARaidIsRefused(int at) throws IOException, InterruptedException {
        Path device = loop.make(BYTES);
        Daemons.store(config(device), SLOTS, 0);
        Files.delete(directory.resolve("state/test.map"));
        write(device, at, "\u00fc\u004e\u002b\u00a9");
        boolean isNamed = at > BYTES - (1 << 20);
        assertRefused(
                device, isNamed ? "a member of a Linux RAID" : "what somebody else has made of a backing file since");
    }

    /** Nothing is written to it any more, since the label in front is damaged. */
    @ParameterizedTest
    @ValueSource(ints = {4096, 8192})
    void whatCanStillBeReadOfADeviceIs(int sectorBytes) throws IOException, InterruptedException {
        Path device = loop.make(BYTES, sectorBytes);
        Daemons.store(config(device), SLOTS, 0);
        write(device, 0, "\0".repeat(sectorBytes));
        assertEquals(new Found(SLOTS, 0, 0), Daemons.load(config(device), SLOTS, 0));
    }

    /** And so is the backing file of another daemon that has ended. */
    @Test
    void whatIsBlankBetweenItsEndsIsTaken() throws IOException, InterruptedException {
        Path device = loop.make(BYTES);
        write(device, END, "what was there before it was wiped as the message says");
        try (PageStore store = PageStore.open(config(device))) {
            assertFalse(store.isTakenOver());
        }
        Files.delete(directory.resolve("state/test.map"));
        PageStore.open(config(device)).close();
    }

    private void assertRefused(Path device, String content) throws IOException {
        byte[] before = Files.readAllBytes(device);
        IOException e = assertThrows(IOException.class, () -> PageStore.open(config(device)));
        assertTrue(
                e.getMessage().startsWith(device + " holds " + content + ", which would be overwritten"),
                e.getMessage());
        assertTrue(e.getMessage().endsWith(" oflag=seek_bytes seek=" + (BYTES - END)), e.getMessage());
        assertArrayEquals(before, Files.readAllBytes(device));
    }

    private StoreConfig config(Path device) {
        return Daemons.withFile(directory, device);
    }

    private static void write(Path device, long at, String text) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(device.toFile(), "rw")) {
            byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
            file.seek(at);
            file.write(bytes, 0, (int) Math.min(bytes.length, BYTES - at));
        }
    }
}
