package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A backing file by its own name, and by that of a loop device upon it. */
class SharedImageTest {
    private static final int BYTES = 24 << 20;
    private static final long CAPACITY = 16L * SEGMENT_BYTES;

    @RegisterExtension
    private final LoopDevice loop = new LoopDevice();

    @RegisterExtension
    private final LoopDevice upper = new LoopDevice();

    @TempDir
    Path dir;

    private final List<String> said = new ArrayList<>();

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

    /** Each has its own part, of which whoever has all of it would have some. */
    @Test
    void isSharedByPartitions() throws Exception {
        loop.make(BYTES);
        Path first = loop.addPartition(1, 1 << 20, 8 << 20);
        Path second = loop.addPartition(2, 10 << 20, 8 << 20);
        Path whole = upper.makeUpon(loop.image());
        try (FileDevice _ = open(first);
                FileDevice _ = open(second)) {
            assertInUse(loop.image(), loop.image() + " is in use by another process");
            assertInUse(whole, whole + " lies upon " + loop.image() + ", which is in use by another process");
        }
        try (NativeFile image = NativeFile.open(loop.image(), NativeFile.O_RDWR)) {
            assertTrue(image.tryLock());
            assertInUse(first, first + " lies upon " + loop.image() + ", which is in use by another process");
        }
    }

    /** As in a service (ProtectSystem=strict), for which the loop device does not care. */
    @Test
    void isLockedAlsoWhereItIsReadOnly() throws Exception {
        Path device = loop.make(BYTES);
        String image = loop.image().toString();
        LoopDevice.run("mount", "--bind", image, image);
        try {
            LoopDevice.run("mount", "-o", "remount,bind,ro", image);
            FileDevice opened = open(device);
            try (NativeFile other = NativeFile.open(loop.image(), NativeFile.O_RDONLY)) {
                assertFalse(other.tryLock());
            }
            opened.close();
        } finally {
            LoopDevice.run("umount", image);
        }
    }

    /** As from another mount namespace: what is at its path here is something else, on which nobody waits. */
    @Test
    @Timeout(60)
    void isSaidNotToBeGuardedWhereItIsOutOfReach() throws Exception {
        Path device = loop.make(BYTES);
        String image = loop.image().toString();
        String pipe = dir.resolve("pipe").toString();
        LoopDevice.run("mkfifo", pipe);
        LoopDevice.run("mount", "--bind", pipe, image);
        Logger logger = Logger.getLogger(ImageLocks.class.getName());
        logger.setFilter(record -> !said.add(record.getMessage()));
        try {
            open(device).close();
        } finally {
            logger.setFilter(null);
            LoopDevice.run("umount", image);
        }
        assertEquals(1, said.size());
        String warning = device + " lies upon " + image + ", which cannot be locked here: ";
        assertTrue(said.getFirst().startsWith(warning), said.getFirst());
    }

    private static FileDevice open(Path path) throws IOException {
        return FileDevice.open(path, CAPACITY, new Label(1), NativeFile::open);
    }

    private static void assertInUse(Path path, String message) {
        IOException e = assertThrows(IOException.class, () -> open(path).close());
        assertTrue(e.getMessage().startsWith(message), e.getMessage());
    }
}
