package dev.ramzswap.backing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ramzswap.linux.FileSystem;
import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MediumTest {
    private static final Path SHM = Path.of("/dev/shm");

    @TempDir
    Path dir;

    private BlockLayers layers;

    @BeforeEach
    void makeTree() {
        layers = new BlockLayers(dir);
    }

    @Test
    void aFileOnATmpfsIsInMemory() throws IOException {
        assumeTrue(isTmpfs(), "/dev/shm is a tmpfs nearly everywhere");
        Path file = Files.createTempFile(SHM, "ramzswap", "");
        try {
            List<String> concerns = Medium.concerns(file);
            assertTrue(
                    concerns.getFirst().startsWith("backing file " + file + " lies in memory (tmpfs)"),
                    () -> "" + concerns);
        } finally {
            Files.delete(file);
        }
    }

    @Test
    void aFileThatIsGoneIsOfNoConcern() throws IOException {
        assertEquals(List.of(), Medium.concerns(dir.resolve("missing")));
    }

    @Test
    void memoryIsFoundBelowPartitionsVolumesAndLoopDevices() throws IOException {
        device("8:0", "sda");
        assertEquals(Optional.empty(), layers.inMemory(0x800));
        partition("253:1", device("252:0", "zram0"), "zram0p1");
        assertEquals(Optional.of("zram0"), layers.inMemory(0xfd01));
        Path volume = device("254:300", "dm-300");
        Files.createDirectories(volume.resolve("slaves"));
        Files.createSymbolicLink(volume.resolve("slaves/sda"), dir.resolve("devices/sda"));
        assertEquals(Optional.empty(), layers.inMemory(0x10fe2cL));
        Files.createSymbolicLink(volume.resolve("slaves/zram0p1"), dir.resolve("devices/zram0/zram0p1"));
        assertEquals(Optional.of("zram0"), layers.inMemory(0x10fe2cL));
    }

    @Test
    void aLoopDeviceIsWhatItsFileIs() throws IOException {
        assumeTrue(isTmpfs(), "/dev/shm is a tmpfs nearly everywhere");
        Path image = Files.createTempFile(SHM, "ramzswap", "");
        try {
            Path loop = Files.createDirectories(device("7:3", "loop3").resolve("loop"));
            Files.writeString(loop.resolve("backing_file"), image + "\n");
            assertEquals(Optional.of("loop3 upon " + image), layers.inMemory(0x703));
            Files.writeString(loop.resolve("backing_file"), image + " (deleted)\n");
            assertEquals(Optional.empty(), layers.inMemory(0x703));
        } finally {
            Files.delete(image);
        }
    }

    /** What is there is looked at by who takes its lock. */
    @Test
    void partsOfALoopDeviceShareWhatItLiesUpon() throws IOException {
        Path image = Path.of("/not/seen/here");
        Path loop = device("7:3", "loop3");
        Files.createDirectories(loop.resolve("loop"));
        Files.writeString(loop.resolve("loop/backing_file"), image + "\n");
        partition("259:0", loop, "loop3p1");
        Path volume = device("254:0", "dm-0");
        Files.createDirectories(volume.resolve("slaves"));
        Files.createSymbolicLink(volume.resolve("slaves/loop3p1"), loop.resolve("loop3p1"));
        assertEquals(Set.of(new BlockLayers.Image(image, false)), layers.images(0x703));
        assertEquals(Set.of(new BlockLayers.Image(image, true)), layers.images(0x10300));
        assertEquals(Set.of(new BlockLayers.Image(image, true)), layers.images(0xfe00));
        assertEquals(Set.of(), layers.images(0x800));
    }

    @Test
    void copiesAreOfConcernUnlessTheFileIsWrittenInPlace() {
        assertEquals(Optional.empty(), ofCopies(0xef53, false));
        assertTrue(ofCopies(FileSystem.ZFS, false).orElseThrow().contains("(ZFS): the room that is reserved"));
        assertTrue(ofCopies(FileSystem.BCACHEFS, true).orElseThrow().contains("(bcachefs)"));
        assertTrue(ofCopies(FileSystem.BTRFS, false).orElseThrow().contains("made anew, with chattr +C"));
        assertEquals(Optional.empty(), ofCopies(FileSystem.BTRFS, true));
    }

    private Optional<String> ofCopies(long type, boolean isInPlace) {
        return new Medium(dir, layers).ofCopies(new FileSystem(type, 1, 1), isInPlace);
    }

    private static boolean isTmpfs() throws IOException {
        try (NativeFile directory = NativeFile.open(SHM, NativeFile.O_RDONLY)) {
            return directory.fileSystem().type() == FileSystem.TMPFS;
        }
    }

    private Path device(String number, String name) throws IOException {
        return link(number, Files.createDirectories(dir.resolve("devices").resolve(name)));
    }

    private void partition(String number, Path device, String name) throws IOException {
        Path partition = Files.createDirectories(device.resolve(name));
        Files.writeString(partition.resolve("partition"), "1\n");
        link(number, partition);
    }

    private Path link(String number, Path device) throws IOException {
        Files.createDirectories(dir.resolve("dev/block"));
        return Files.createSymbolicLink(dir.resolve("dev/block").resolve(number), device)
                .toRealPath();
    }
}
