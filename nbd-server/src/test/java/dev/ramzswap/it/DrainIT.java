package dev.ramzswap.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.nbd.client.LoopbackClient;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The end of a daemon in swap mode with a client attached; {@code --unsafe} spares the tests the capabilities. */
class DrainIT {
    private static final Duration BOUND = Duration.ofSeconds(30);
    private static final int PAGE_BYTES = 4096;

    @TempDir
    private Path directory;

    private final ByteBuffer page = ByteBuffer.allocateDirect(PAGE_BYTES);

    private DaemonProcess serve() throws IOException, InterruptedException {
        return DaemonProcess.start(directory, "--size", "8M", "--swap", "--unsafe");
    }

    private static LoopbackClient attach(DaemonProcess daemon) throws IOException {
        return new LoopbackClient(UnixDomainSocketAddress.of(daemon.socket()), "swap0");
    }

    private void assertServes(LoopbackClient client) throws IOException {
        client.write(0, page, 0, PAGE_BYTES);
        client.read(0, PAGE_BYTES);
        assertEquals(0, client.exchange(2));
    }

    private static void awaitDraining(DaemonProcess daemon) throws IOException, InterruptedException {
        long end = System.nanoTime() + BOUND.toNanos();
        while (!daemon.launcher().run("status", "--json").out().contains("\"state\": \"draining\"")) {
            assertTrue(System.nanoTime() < end, daemon.output());
        }
    }

    @Test
    void servesUntilTheLastClientIsGoneWhateverItIsTold() throws Exception {
        try (DaemonProcess daemon = serve()) {
            try (LoopbackClient client = attach(daemon)) {
                assertServes(client);
                daemon.terminate();
                awaitDraining(daemon);
                assertServes(client);
                String refusal = Tool.runToEnd("nbdinfo", daemon.uri()).err();
                assertTrue(refusal.contains("transport endpoint shutdown"), refusal); // ESHUTDOWN
                daemon.terminate();
                String said = daemon.launcher().run("stop", "swap0").out();
                assertTrue(said.startsWith("swap0: draining: "), said);
                assertServes(client);
                daemon.awaitOutput("warning: told to end, but the kernel or other clients may swap here");
            }
            daemon.awaitEnd();
        }
    }

    @Test
    void onlyForceEndsItBefore() throws Exception {
        try (DaemonProcess daemon = serve()) {
            LoopbackClient client = attach(daemon);
            // The daemon counts a client a moment after the client's last word of the handshake.
            assertServes(client);
            daemon.terminate();
            awaitDraining(daemon);
            assertServes(client);
            String said = daemon.launcher().run("stop", "swap0", "--force").out();
            assertTrue(said.matches("swap0: the daemon \\(pid \\d+\\) has ended\n"), said);
            daemon.awaitEnd();
            assertThrows(IOException.class, client::close, "nobody is there to hear it");
        }
    }

    @Test
    void endsAtOnceWithoutClients() throws Exception {
        try (DaemonProcess daemon = serve()) {
            attach(daemon).close();
            assertTrue(daemon.launcher().run("stop", "swap0").out().endsWith(" has ended\n"));
            daemon.awaitEnd();
        }
    }
}
