package dev.ramzswap.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The end of a daemon that runs with {@code --swap}, with a client attached. */
class DrainTest {
    private static final Duration BOUND = Duration.ofSeconds(20);
    private static final int GREETING_BYTES = 18;
    private static final int EXPORT_BYTES = 10;

    @TempDir
    private Path temp;

    private Host host;
    private Daemon daemon;
    private Thread running;
    private SocketChannel client;
    private final StringWriter out = new StringWriter();

    @BeforeEach
    void startAndAttach() throws Exception {
        host = new Host(
                8L << 30,
                Host.current().uid(),
                Map.of(RuntimeDir.VARIABLE, temp.resolve("run").toString()));
        var settings = new Settings();
        settings.flag("size", "16M");
        settings.flag("swap", "yes");
        daemon = Daemon.start(Config.of(settings, host), host);
        running = Thread.ofPlatform().daemon().start(() -> {
            try {
                daemon.run();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        client = attach();
    }

    @AfterEach
    void end() throws Exception {
        client.close();
        if (running.isAlive()) {
            ControlRequests.stopByForce(status().entry().control());
        }
        assertTrue(running.join(BOUND));
    }

    private Path socket() {
        return temp.resolve("run/swap0.sock");
    }

    private ExportStatus status() throws IOException {
        return ExportStatus.named(host, "swap0").getFirst();
    }

    private LiveExport export() throws IOException {
        return new LiveExport(status(), new PrintWriter(out), false);
    }

    /** A client in transmission, by the oldest of the ways there. */
    private SocketChannel attach() throws IOException {
        SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket()));
        read(channel, GREETING_BYTES);
        int fixedNewstyleNoZeroes = 3;
        int exportName = 1;
        channel.write(ByteBuffer.allocate(20)
                .putInt(fixedNewstyleNoZeroes)
                .put("IHAVEOPT".getBytes())
                .putInt(exportName)
                .putInt(0)
                .flip());
        read(channel, EXPORT_BYTES);
        return channel;
    }

    private static void read(SocketChannel channel, int bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(bytes);
        while (buffer.hasRemaining()) {
            assertTrue(channel.read(buffer) >= 0);
        }
    }

    private void assertServes() throws IOException {
        int magic = 0x25609513;
        short read = 0;
        client.write(ByteBuffer.allocate(28)
                .putInt(magic)
                .putShort((short) 0)
                .putShort(read)
                .putLong(1)
                .putLong(0)
                .putInt(4096)
                .flip());
        read(client, 16 + 4096);
    }

    private void awaitDraining() throws Exception {
        long end = System.nanoTime() + BOUND.toNanos();
        while (!status().entry().state().equals(ExportEntry.DRAINING)) {
            assertTrue(System.nanoTime() < end);
            Thread.sleep(5);
        }
    }

    @Test
    void servesUntilTheLastClientIsGone() throws Exception {
        export().stop();
        awaitDraining();
        assertTrue(out.toString().startsWith("swap0: draining: "), out.toString());
        assertServes();
        assertFalse(Files.exists(socket()), "nobody else may come");
        export().stop();
        assertServes();
        assertEquals("ok", ControlSocket.request(status().entry().control(), "ping"));
        client.close();
        assertTrue(running.join(BOUND));
        assertThrows(IOException.class, this::status);
    }

    @Test
    void forceEndsItAtOnce() throws Exception {
        export().stop();
        awaitDraining();
        ControlRequests.stopByForce(status().entry().control());
        assertTrue(running.join(BOUND));
        assertEquals(-1, client.read(ByteBuffer.allocate(1)));
    }
}
