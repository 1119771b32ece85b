package dev.ramzswap.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.ramzswap.nbd.client.LoopbackClient;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What of the pages is to be found outside of the daemon's memory, by whom, and for how long. */
class TracesIT {
    private static final int BYTES = 4 << 20;
    private static final int PAGE_BYTES = 4096;
    private static final byte[] CONTENT = "what a program has in memory".getBytes(StandardCharsets.US_ASCII);

    @TempDir
    private Path directory;

    private static List<Path> files(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }

    @Test
    void theStateIsForTheDaemonsUserAloneAndGoneAfterTheLastClient() throws Exception {
        Path state = directory.resolve("state");
        try (DaemonProcess daemon =
                        DaemonProcess.start(directory, "--size", "1M", "--swap", "--unsafe", "--state-dir", state);
                LoopbackClient client = new LoopbackClient(UnixDomainSocketAddress.of(daemon.socket()), "")) {
            client.write(0, ByteBuffer.wrap(CONTENT.clone()), 0, CONTENT.length);
            assertEquals(0, client.exchange(1));
            assertFalse(files(state).isEmpty());
            for (Path file : files(state)) {
                assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
            }
        }
        assertEquals(List.of(), files(state));
    }

    /** Also when pages are lost, which is a thing to log. */
    @Test
    void noContentIsInTheLog() throws Exception {
        Path backing = directory.resolve("backing");
        try (DaemonProcess daemon = DaemonProcess.start(
                directory, "--size", BYTES, "--limit", "1M", "--backing-file", backing, "--no-encrypt")) {
            Tool.run("nbdcopy", imageOfContent(), daemon.uri());
            try (FileChannel file = FileChannel.open(backing, StandardOpenOption.WRITE)) {
                file.truncate(0);
            }
            assertNotEquals(
                    0,
                    Tool.runToEnd("nbdcopy", daemon.uri(), directory.resolve("copy"))
                            .exit());
            daemon.awaitOutput("backing file " + backing);
            daemon.stop();
            String log = daemon.output();
            assertFalse(log.contains(new String(CONTENT, StandardCharsets.US_ASCII)), log);
        }
    }

    private Path imageOfContent() throws IOException {
        Path image = Images.make(directory.resolve("image"), Images.Kind.RANDOM, BYTES, 1);
        try (FileChannel file = FileChannel.open(image, StandardOpenOption.WRITE)) {
            for (int at = 0; at < BYTES; at += PAGE_BYTES) {
                file.write(ByteBuffer.wrap(CONTENT), at);
            }
        }
        return image;
    }
}
