package dev.ramzswap.nbd.fence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.nbd.TestServer;
import dev.ramzswap.nbd.io.Threads;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class GateTest {
    private final Fence fence = new Fence(2);
    private ServerSocketChannel listener;
    private SocketChannel client;
    private SocketChannel channel;
    private Gate gate;

    @BeforeEach
    void connect(@TempDir Path directory) throws IOException {
        listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listener.bind(UnixDomainSocketAddress.of(directory.resolve("s")));
        client = SocketChannel.open(listener.getLocalAddress());
        channel = listener.accept();
        gate = fence.join(channel);
    }

    @AfterEach
    void close() throws IOException {
        gate.close();
        channel.close();
        client.close();
        listener.close();
        TestServer.await(() -> fence.gates().length == 0);
    }

    /** Another connection of the same export that passes its gate, on a thread of its own. */
    private CompletableFuture<Boolean> passOfAnother() {
        CompletableFuture<Boolean> passed = new CompletableFuture<>();
        Threads.start("other", () -> {
            try (SocketChannel _ = SocketChannel.open(listener.getLocalAddress());
                    SocketChannel other = listener.accept();
                    Gate its = fence.join(other)) {
                passed.complete(its.pass());
            } catch (IOException e) {
                passed.completeExceptionally(e);
            }
        });
        return passed;
    }

    @Test
    void aConnectionThatWasAlwaysAloneDoesNotLook() throws IOException {
        client.close();
        assertTrue(gate.pass());
        gate.end();
        assertTrue(gate.pass());
    }

    /** What came meanwhile may have been asked again, and answered, and be gone. */
    @Test
    void oneThatIsAloneAgainLooks() throws IOException {
        client.close();
        try (SocketChannel _ = SocketChannel.open(listener.getLocalAddress());
                SocketChannel other = listener.accept();
                Gate its = fence.join(other)) {
            assertFalse(gate.pass());
            assertTrue(its.pass());
        }
        assertEquals(1, fence.gates().length);
        assertFalse(gate.pass());
    }

    @Test
    void oneThatIsNotCutIsNotWaitedFor() throws IOException {
        assertTrue(gate.pass());
        client.shutdownOutput();
        assertTrue(passOfAnother().join());
    }

    @Test
    void oneThatIsCutIsWaitedForUntilAllOfItsWorkIsDone() throws IOException {
        assertTrue(gate.pass());
        assertTrue(gate.pass());
        client.close();
        CompletableFuture<Boolean> other = passOfAnother();
        TestServer.await(() -> fence.gates().length == 2);
        gate.end();
        assertFalse(other.isDone());
        gate.end();
        assertTrue(other.join());
    }

    @Test
    void orUntilItIsGone() throws IOException {
        assertTrue(gate.pass());
        client.close();
        CompletableFuture<Boolean> other = passOfAnother();
        TestServer.await(() -> fence.gates().length == 2);
        gate.close();
        assertTrue(other.join());
        gate = Gate.unfenced();
    }

    @Test
    void aChannelThatIsClosedWhileItsWorkGoesOnIsNotYetGone() throws IOException {
        assertTrue(gate.pass());
        channel.close();
        client.close();
        CompletableFuture<Boolean> other = passOfAnother();
        TestServer.await(() -> fence.gates().length == 2);
        assertFalse(other.isDone());
        gate.end();
        assertTrue(other.join());
    }

    @Test
    void tcpHasNoFence() throws IOException {
        try (ServerSocketChannel tcp =
                        ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                SocketChannel tcpClient = SocketChannel.open(tcp.getLocalAddress());
                SocketChannel accepted = tcp.accept();
                Gate its = fence.join(accepted)) {
            assertEquals(1, fence.gates().length);
            assertTrue(gate.pass());
            client.close();
            tcpClient.shutdownInput().shutdownOutput();
            assertTrue(its.pass());
        }
    }
}
