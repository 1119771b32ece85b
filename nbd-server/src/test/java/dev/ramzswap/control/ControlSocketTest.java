package dev.ramzswap.control;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class ControlSocketTest {
    @TempDir
    private Path temp;

    private Path path;
    private ControlSocket socket;

    @BeforeEach
    void open() throws IOException {
        path = temp.resolve("c");
        socket = new ControlSocket(path, ControlSocketTest::echo);
    }

    private static String echo(String request) {
        return "<" + request + ">";
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
        socket.close();
        socket = new ControlSocket(path, ControlSocketTest::echo, Duration.ofMillis(300));
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

    /** It was told that the daemon does not answer; a daemon that was stopped finds the request later. */
    @Test
    void whatNobodyWaitsForAnyMoreIsNotDone() throws Exception {
        List<String> done = whileItIsBusy(() -> {
            try (SocketChannel second = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
                say(second, "second");
            }
        });
        assertEquals("<third>", ControlSocket.request(path, "third"));
        assertEquals(List.of("first", "third"), done);
    }

    /** As socat does behind a line that is piped to it, and nc -N. */
    @Test
    void whoHasSaidAllAndStillHearsIsAnswered() throws Exception {
        try (SocketChannel second = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            whileItIsBusy(() -> {
                second.connect(UnixDomainSocketAddress.of(path));
                say(second, "second");
                second.shutdownOutput();
            });
            ByteBuffer reply = ByteBuffer.allocate(100);
            while (second.read(reply) >= 0) {}
            assertEquals("<second>\n", new String(reply.array(), 0, reply.position()));
        }
    }

    /** Lets something happen while a first client is not answered yet. @return what is asked for, as it comes */
    private List<String> whileItIsBusy(Executable second) throws IOException, InterruptedException {
        socket.close();
        List<String> done = Collections.synchronizedList(new ArrayList<>());
        var busy = new CountDownLatch(1);
        var go = new CountDownLatch(1);
        socket = new ControlSocket(path, request -> {
            done.add(request);
            busy.countDown();
            await(go);
            return echo(request);
        });
        try (SocketChannel first = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            say(first, "first");
            busy.await();
            assertDoesNotThrow(second);
            go.countDown();
        }
        return done;
    }

    private static void say(SocketChannel client, String request) throws IOException {
        client.write(ByteBuffer.wrap((request + "\n").getBytes()));
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aDaemonThatDoesNotAnswerIsNamed() throws Exception {
        long pid = ProcessHandle.current().pid();
        try (ServerSocketChannel _ = silent()) {
            var e = assertThrows(
                    IOException.class,
                    () -> ControlSocket.request(temp.resolve("silent"), "ping", Duration.ofMillis(100)));
            assertEquals(
                    "the daemon (pid " + pid + ") does not answer: if it is stopped, kill -CONT " + pid
                            + "; otherwise it hangs: see its log",
                    e.getMessage());
        }
    }

    @Test
    void whoWaitsForADaemonCanBeInterrupted() throws Exception {
        Thread waiting = Thread.currentThread();
        try (ServerSocketChannel silent = silent()) {
            var interrupter = new Thread(() -> interruptWhoAsks(silent, waiting));
            interrupter.start();
            assertThrows(InterruptedException.class, () -> ControlClient.stop(temp.resolve("silent")));
            assertFalse(Thread.interrupted());
            interrupter.join();
        }
    }

    private static void interruptWhoAsks(ServerSocketChannel server, Thread asking) {
        ByteBuffer request = ByteBuffer.allocate(5);
        try (SocketChannel client = server.accept()) {
            while (request.hasRemaining()) {
                client.read(request);
            }
            asking.interrupt();
            client.read(request.clear()); // until it hangs up
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private ServerSocketChannel silent() throws IOException {
        var silent = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        silent.bind(UnixDomainSocketAddress.of(temp.resolve("silent")));
        return silent;
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
