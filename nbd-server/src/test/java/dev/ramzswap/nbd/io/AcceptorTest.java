package dev.ramzswap.nbd.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class AcceptorTest {
    private UnixDomainSocketAddress address;
    private ServerSocketChannel server;
    private Thread thread;

    @BeforeEach
    void listen(@TempDir Path temp) throws IOException {
        address = UnixDomainSocketAddress.of(temp.resolve("s"));
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(address);
    }

    @AfterEach
    void close() throws Exception {
        server.close();
        thread.join();
    }

    private void start(Consumer<SocketChannel> accepted) {
        thread = Acceptor.start("test", server, "here", accepted);
    }

    @Test
    void whatIsThrownClosesItsConnectionAndTheNextIsAccepted() throws Exception {
        BlockingQueue<SocketChannel> taken = new ArrayBlockingQueue<>(1);
        var count = new AtomicInteger();
        start(client -> {
            switch (count.getAndIncrement()) {
                case 0 -> throw new IllegalStateException("first");
                case 1 -> throw new NoClassDefFoundError("second");
                default -> taken.add(client);
            }
        });
        for (int i = 0; i < 2; i++) {
            try (SocketChannel client = SocketChannel.open(address)) {
                assertEquals(-1, client.read(ByteBuffer.allocate(1)));
            }
        }
        try (SocketChannel _ = SocketChannel.open(address)) {
            taken.take().close();
        }
    }

    /** As accept(2) without a descriptor left. */
    @Test
    void whatFailsAtOnceIsNotTriedAllTheTime() throws Exception {
        var attempts = new AtomicInteger();
        server.configureBlocking(false); // null at once
        start(_ -> {
            attempts.incrementAndGet();
            throw new IllegalStateException();
        });
        Thread.sleep(500);
        assertTrue(attempts.get() <= 6, () -> attempts + " attempts in half a second");
    }
}
