package dev.ramzswap.backing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The room that is reserved for a file lasts on btrfs if it is written in place, as no file with content is. */
class BtrfsTest {
    private static final long DISK_BYTES = 128 << 20;

    @RegisterExtension
    private final DiskImage image = new DiskImage();

    private Path path;

    @BeforeEach
    void makeDisk() throws IOException, InterruptedException {
        assumeTrue(isPossible(), "needs the package btrfs-progs, and a kernel with btrfs");
        path = image.mount("btrfs", DISK_BYTES).resolve("file");
    }

    private static boolean isPossible() throws IOException {
        Path module = Path.of("/lib/modules", System.getProperty("os.version"), "kernel/fs/btrfs");
        return Files.isExecutable(Path.of("/usr/sbin/mkfs.btrfs"))
                && (Files.exists(module)
                        || Files.readAllLines(Path.of("/proc/filesystems")).contains("\tbtrfs"));
    }

    @Test
    void aFileThatIsMadeIsWrittenInPlace() throws IOException, InterruptedException {
        open();
        assertIsWrittenInPlace();
    }

    @Test
    void soIsOneThatWasEmpty() throws IOException, InterruptedException {
        Files.createFile(path);
        open();
        assertIsWrittenInPlace();
    }

    @Test
    void oneThatHadContentIsNotAndThatIsTold() throws IOException, InterruptedException {
        Files.write(path, new byte[4096]);
        open();
        assertTrue(!flags().contains("C"), flags());
        List<String> concerns = Medium.concerns(path);
        assertTrue(concerns.getFirst().contains("is copied when it is overwritten (btrfs)"), () -> "" + concerns);
    }

    private void open() throws IOException {
        FileDevice.open(path, BackingFile.SEGMENT_BYTES, new Label(1), NativeFile::open)
                .close();
    }

    private void assertIsWrittenInPlace() throws IOException, InterruptedException {
        assertTrue(flags().contains("C"), flags());
        assertEquals(List.of(), Medium.concerns(path));
    }

    /** As a string of letters. */
    private String flags() throws IOException, InterruptedException {
        return LoopDevice.run("lsattr", path.toString()).split(" ")[0];
    }
}
