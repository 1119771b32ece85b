package dev.ramzswap.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ControlSocketTest {
    @TempDir
    private Path temp;

    private Path path;
    private ControlSocket socket;

    @BeforeEach
    void open() throws IOException {
        path = temp.resolve("c");
        socket = new ControlSocket(path, request -> "<" + request + ">", Duration.ofMillis(300));
    }

    @AfterEach
    void close() {
        socket.close();
    }

    @Test
    void answersALineWithALine() throws IOException {
        assertEquals("<set a limit=1M>", ControlSocket.request(path, "set a limit=1M"));
        assertEquals("<ping>", ControlSocket.request(path, "ping"));
    }

    @Test
    void onlyItsOwnerMayConnect() throws IOException {
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
    }

    @Test
    void whoIsSlowIsCutOffAndTheNextIsServed() throws IOException {
        try (SocketChannel slow = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            slow.write(ByteBuffer.wrap("pi".getBytes()));
            assertEquals("<ping>", ControlSocket.request(path, "ping"));
            assertEquals(-1, slow.read(ByteBuffer.allocate(10)));
        }
    }

    @Test
    void whoSaysTooMuchIsCutOff() throws IOException {
        String flood = "x".repeat(100_000);
        assertThrows(IOException.class, () -> ControlSocket.request(path, flood));
        assertEquals("<ping>", ControlSocket.request(path, "ping"));
    }

    @Test
    void whoLeavesHarmsNobody() throws IOException {
        SocketChannel.open(UnixDomainSocketAddress.of(path)).close();
        assertEquals("<ping>", ControlSocket.request(path, "ping"));
    }

    @Test
    void anErrorOfAHandlerHarmsNobodyElse() throws IOException {
        socket.close();
        socket = new ControlSocket(path, ControlSocketTest::brokenOnce);
        assertThrows(IOException.class, () -> ControlSocket.request(path, "break"));
        assertEquals("ok", ControlSocket.request(path, "ping"));
    }

    private static String brokenOnce(String request) {
        if (request.equals("break")) {
            throw new NoClassDefFoundError("x");
        }
        return "ok";
    }

    @Test
    void leavesNothingBehind() {
        socket.close();
        assertFalse(Files.exists(path));
        assertThrows(IOException.class, () -> ControlSocket.request(path, "ping"));
    }

    @Test
    void replacesWhatADeadDaemonLeft() throws IOException {
        socket.close();
        ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                .bind(UnixDomainSocketAddress.of(path))
                .close();
        socket = new ControlSocket(path, request -> "again");
        assertEquals("again", ControlSocket.request(path, "ping"));
    }

    @Test
    void whatIsNoSocketStays() throws IOException {
        Path letter = Files.writeString(temp.resolve("7.control"), "my letter");
        assertEquals(
                letter + " is in the way of the control socket: move it away, or set RAMZSWAP_RUNTIME_DIR to another"
                        + " directory",
                assertThrows(IOException.class, () -> new ControlSocket(letter, request -> "ok"))
                        .getMessage());
        assertEquals("my letter", Files.readString(letter));
    }
}
