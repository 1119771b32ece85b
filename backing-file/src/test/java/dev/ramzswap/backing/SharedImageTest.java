package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A backing file by its own name, and by that of a loop device upon it. */
class SharedImageTest {
    private static final int BYTES = 24 << 20;
    private static final long CAPACITY = 16L * SEGMENT_BYTES;

    @RegisterExtension
    private final LoopDevice loop = new LoopDevice();

    @RegisterExtension
    private final LoopDevice upper = new LoopDevice();

    @Test
    void isInUseByBothNames() throws Exception {
        Path device = loop.make(BYTES);
        FileDevice opened = open(device);
        assertInUse(loop.image(), loop.image() + " is in use by another process");
        opened.close();
        FileDevice image = open(loop.image());
        assertInUse(device, device + " lies upon " + loop.image() + ", which is in use by another process");
        image.close();
    }

    @Test
    void isInUseAlsoByALoopDeviceUponALoopDevice() throws Exception {
        Path lower = loop.make(BYTES);
        Path device = upper.makeUpon(lower);
        FileDevice opened = open(device);
        assertInUse(loop.image(), loop.image() + " is in use by another process");
        assertInUse(lower, lower + " is in use by another process");
        opened.close();
        open(lower).close();
    }

    private static FileDevice open(Path path) throws IOException {
        return FileDevice.open(path, CAPACITY, new Label(1), NativeFile::open);
    }

    private static void assertInUse(Path path, String message) {
        IOException e = assertThrows(IOException.class, () -> open(path).close());
        assertTrue(e.getMessage().startsWith(message), e.getMessage());
    }
}
