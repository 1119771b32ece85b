package dev.ramzswap.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class SocketHandleTest {
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
    private static final int ROUNDS = 2000;
    private static final int MAXIMUM_DELAY_NANOS = 200_000;

    private ServerSocketChannel listener;
    private SocketChannel other;

    @BeforeEach
    void listen(@TempDir Path directory) throws IOException {
        listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listener.bind(UnixDomainSocketAddress.of(directory.resolve("s")));
        other = SocketChannel.open(listener.getLocalAddress());
    }

    @AfterEach
    void close() throws IOException {
        other.close();
        listener.close();
    }

    /** The sockets that this process has, as often as it has them. */
    private static List<String> sockets() throws IOException {
        try (Stream<Path> descriptors = Files.list(DESCRIPTORS)) {
            return descriptors
                    .map(SocketHandleTest::target)
                    .filter(name -> name.startsWith("socket:"))
                    .sorted()
                    .toList();
        }
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            return "closed meanwhile";
        }
    }

    private static String socket(SocketHandle handle) {
        return target(DESCRIPTORS.resolve(Integer.toString(handle.fd())));
    }

    @Test
    void isTheSocketOfItsChannel() throws IOException {
        List<String> before = sockets();
        try (SocketChannel accepted = SocketChannel.open(listener.getLocalAddress());
                SocketHandle handle = SocketHandle.of(accepted);
                SocketHandle again = SocketHandle.of(accepted);
                SocketHandle ofOther = SocketHandle.of(other)) {
            assertEquals(socket(handle), socket(again));
            assertTrue(before.contains(socket(ofOther)));
            assertFalse(before.contains(socket(handle)));
            assertEquals(ProcessHandle.current().pid(), handle.peer().process().pid());
            assertEquals(-1, accepted.getOption(StandardSocketOptions.SO_LINGER));
        }
        assertEquals(before, sockets());
    }

    @Test
    void aClosedChannelHasNone() throws IOException {
        List<String> before = sockets();
        SocketChannel closed = SocketChannel.open(listener.getLocalAddress());
        closed.close();
        assertThrows(IOException.class, () -> SocketHandle.of(closed));
        assertEquals(before, sockets());
    }

    /** As by the watchdog of handshakes. What is left behind with the mark would be taken for the next one's socket. */
    @Test
    void aChannelThatIsClosedAtAnyMomentLeavesNothingBehind() throws Exception {
        List<String> before = sockets();
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            SocketChannel doomed = SocketChannel.open(listener.getLocalAddress());
            try (SocketChannel _ = listener.accept()) {
                long delay = random.nextInt(MAXIMUM_DELAY_NANOS);
                CompletableFuture<Void> closed = CompletableFuture.runAsync(() -> close(doomed, delay));
                takeAndClose(doomed);
                closed.join();
            }
        }
        assertEquals(before, sockets(), "seed " + seed);
        try (SocketHandle handle = SocketHandle.of(other)) {
            assertTrue(before.contains(socket(handle)));
        }
    }

    private static void close(SocketChannel channel, long delay) {
        long moment = System.nanoTime() + delay;
        while (System.nanoTime() < moment) {
            Thread.onSpinWait();
        }
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void takeAndClose(SocketChannel channel) {
        try {
            SocketHandle.of(channel).close();
        } catch (IOException e) {
            // it was closed first
        }
    }
}
