package dev.ramzswap.it;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * The device as a file, by nbdfuse. It takes the right to mount: a machine that does not give it runs no test here, and
 * the output says so.
 */
class NbdfuseIT {
    private static final int BYTES = 8 << 20;
    private static final long CAP_SYS_ADMIN = 1L << 21;

    @TempDir
    private Path directory;

    @TestFactory
    Stream<DynamicTest> nbdfuse() throws IOException {
        if (!canMount()) {
            System.out.println("nbdfuse is not tested: no right to use /dev/fuse, or to mount");
            return Stream.empty();
        }
        return Stream.of(DynamicTest.dynamicTest("aFileOfAnySizeAndOffset", this::aFileOfAnySizeAndOffset));
    }

    private static boolean canMount() throws IOException {
        List<String> status = Files.readAllLines(Path.of("/proc/self/status"));
        String capabilities = status.stream()
                .filter(line -> line.startsWith("CapEff:"))
                .findFirst()
                .orElseThrow();
        if ((Long.parseUnsignedLong(capabilities.substring("CapEff:".length()).strip(), 16) & CAP_SYS_ADMIN) == 0) {
            return false;
        }
        Path fuse = Path.of("/dev/fuse");
        try (FileChannel _ = FileChannel.open(fuse, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private void aFileOfAnySizeAndOffset() throws Exception {
        Path mount = Files.createDirectory(directory.resolve("mount"));
        Path file = mount.resolve("device");
        try (DaemonProcess daemon = DaemonProcess.start(
                        directory, "--size", "8M", "--limit", "1M", "--backing-file", directory.resolve("backing"));
                Tool nbdfuse = Tool.start(Map.of(), "nbdfuse", file, daemon.uri())) {
            while (!Files.exists(file)) {
                assertTrue(nbdfuse.isAlive(), "nbdfuse has ended");
                Thread.sleep(10);
            }
            try {
                readBackWhatIsWritten(file);
                Tool.run("qemu-img", "compare", "-f", "raw", "-F", "raw", file, daemon.uri());
            } finally {
                Tool.run("umount", mount);
            }
            nbdfuse.await().expect(0);
        }
    }

    private static void readBackWhatIsWritten(Path file) throws IOException {
        assertEquals(BYTES, Files.size(file));
        byte[] model = new byte[BYTES];
        Random random = new Random(1);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            for (int i = 0; i < 200; i++) {
                byte[] part = new byte[1 + random.nextInt(1 << random.nextInt(18))];
                random.nextBytes(part);
                int at = random.nextInt(BYTES - part.length);
                System.arraycopy(part, 0, model, at, part.length);
                assertEquals(part.length, channel.write(ByteBuffer.wrap(part), at));
            }
            channel.force(true);
        }
        assertArrayEquals(model, Files.readAllBytes(file));
    }
}
