package dev.ramzswap.backing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A block device for one test, over a plain file. Only root can make one; for others the test is skipped. */
public final class LoopDevice implements AfterEachCallback {
    private Path image;
    private Path node;

    public Path make(long bytes) throws IOException, InterruptedException {
        return make(bytes, 512);
    }

    /** One with sectors of so many bytes. */
    public Path make(long bytes, int sectorBytes) throws IOException, InterruptedException {
        requireRoot();
        image = Files.createTempFile("loop", ".img").toRealPath(); // as the kernel has it
        setImageBytes(bytes);
        return makeUpon(image, sectorBytes);
    }

    /** One upon a file or device of the test's. */
    public Path makeUpon(Path lower) throws IOException, InterruptedException {
        requireRoot();
        return makeUpon(lower, 512);
    }

    /** What the one that {@link #make} has made lies upon. */
    public Path image() {
        return image;
    }

    private static void requireRoot() {
        boolean isPossible =
                System.getProperty("user.name").equals("root") && Files.exists(Path.of("/dev/loop-control"));
        assumeTrue(isPossible, "only root can make a loop device, where there are any");
    }

    private Path makeUpon(Path lower, int sectorBytes) throws IOException, InterruptedException {
        node = Path.of(run("losetup", "--find", "--show", "--partscan", "-b", "" + sectorBytes, lower.toString()));
        run("blockdev", "--setrw", node.toString()); // Who had it before may have made it read-only: that stays.
        return node;
    }

    /** A part of it as a device of its own, by number, 1 to 4: by an entry of the table (MBR) in its first sector. */
    Path addPartition(int number, long begin, long bytes) throws IOException, InterruptedException {
        ByteBuffer entry = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
        entry.put(4, (byte) 0x83).putInt(8, (int) (begin / 512)).putInt(12, (int) (bytes / 512));
        try (RandomAccessFile table = new RandomAccessFile(image.toFile(), "rw")) {
            table.seek(446 + 16 * (number - 1));
            table.write(entry.array());
            table.seek(510);
            table.write(new byte[] {0x55, (byte) 0xaa});
        }
        run("partx", "--add", "--nr", "" + number, node.toString());
        return Path.of(node + "p" + number);
    }

    public void resize(long bytes) throws IOException, InterruptedException {
        setImageBytes(bytes);
        run("losetup", "--set-capacity", node.toString());
    }

    private void setImageBytes(long bytes) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(bytes);
        }
    }

    @Override
    public void afterEach(ExtensionContext context) throws IOException, InterruptedException {
        if (node != null) {
            run("losetup", "--detach", node.toString());
        }
        if (image != null) {
            Files.delete(image);
        }
    }

    static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output.trim();
    }
}
