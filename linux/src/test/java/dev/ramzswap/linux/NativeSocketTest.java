package dev.ramzswap.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeSocketTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @TempDir
    private Path directory;

    private Path path;
    private ServerSocketChannel listener;

    @BeforeEach
    void listen() throws IOException {
        path = directory.resolve("s");
        listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listener.bind(UnixDomainSocketAddress.of(path));
    }

    @AfterEach
    void stop() throws IOException {
        listener.close();
    }

    private static ByteBuffer direct(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    }

    @Test
    void bytesGoBothWaysAndTheEndIsSeen() throws IOException {
        try (NativeSocket socket = NativeSocket.connect(path, PATIENCE)) {
            ByteBuffer in = ByteBuffer.allocateDirect(5);
            try (SocketChannel peer = listener.accept()) {
                assertEquals(5, socket.write(direct("hello")));
                peer.read(in);
                assertEquals(direct("hello"), in.flip());
                peer.write(direct("abc"));
                in.clear().position(1);
                assertEquals(3, socket.read(in));
                assertEquals(4, in.position());
                assertEquals('c', in.get(3));
            }
            assertEquals(-1, socket.read(in.clear()));
            assertEquals(
                    "send " + path + ": Broken pipe, errno (32)",
                    assertThrows(ErrnoException.class, () -> socket.write(direct("x")))
                            .getMessage());
        }
    }

    @Test
    void aReadDoesNotWaitLongerThanItsTimeout() throws IOException {
        try (NativeSocket socket = NativeSocket.connect(path, PATIENCE)) {
            assertEquals(PATIENCE, socket.writeTimeout());
            socket.setTimeout(Duration.ofMillis(20));
            assertEquals(Duration.ofMillis(20), socket.writeTimeout());
            ErrnoException late = assertThrows(ErrnoException.class, () -> socket.read(ByteBuffer.allocateDirect(1)));
            assertEquals(Errno.EAGAIN, late.errno());
            socket.setTimeout(Duration.ZERO);
            assertEquals(Duration.ZERO, socket.writeTimeout());
        }
    }

    @Test
    void itsDescriptorIsTheSocketsUntilItIsClosed() throws IOException {
        NativeSocket socket = NativeSocket.connect(path, PATIENCE);
        Path link = Path.of("/proc/self/fd/" + socket.fd());
        String target = Files.readSymbolicLink(link).toString();
        assertTrue(target.startsWith("socket:"), target);
        assertTrue(socket.isOpen());
        socket.close();
        assertFalse(socket.isOpen());
        assertFalse(Files.isSymbolicLink(link)
                && Files.readSymbolicLink(link).toString().equals(target));
        socket.close();
    }

    @Test
    void saysThatNobodyListens() throws IOException {
        listener.close();
        ErrnoException refused = assertThrows(ErrnoException.class, () -> NativeSocket.connect(path, PATIENCE));
        assertEquals(Errno.ECONNREFUSED, refused.errno());
        Path none = directory.resolve("none");
        assertEquals(
                Errno.ENOENT,
                assertThrows(ErrnoException.class, () -> NativeSocket.connect(none, PATIENCE))
                        .errno());
    }
}
