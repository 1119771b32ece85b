package dev.ramzswap.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.config.Config;
import dev.ramzswap.linux.LastingException;
import dev.ramzswap.nbd.client.LoopbackClient;
import dev.ramzswap.status.ExportStatus;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** By which addresses a daemon can be reached, and when. */
class DaemonListeningTest extends DaemonFixture {
    /** The kernel comes by the socket. An address that somebody has is listened on as soon as he gives it back. */
    @Test
    void aTakeoverServesThoughItsAddressCannotBeHad() throws Exception {
        String[] pairs = {"size=16M", "socket=" + temp.resolve("s"), "state-dir=" + temp.resolve("state")};
        start(pairs).close();
        ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        try (Daemon _ = start(with(pairs, "listen=127.0.0.1:" + taken.getLocalPort()))) {
            new LoopbackClient(UnixDomainSocketAddress.of(temp.resolve("s")), "swap0").close();
            taken.close();
            awaitListening(taken.getLocalPort());
        } finally {
            taken.close();
        }
        for (String missing : List.of("192.0.2.1:10809", "no.such.host.invalid:10809")) {
            try (Daemon _ = start(with(with(pairs, "listen=" + missing), "insecure=yes"))) {
                new LoopbackClient(UnixDomainSocketAddress.of(temp.resolve("s")), "swap0").close();
                assertEquals(
                        missing,
                        ExportStatus.named(host, "swap0").getFirst().entry().listen());
            }
        }
        assertNothingLeft();
    }

    /** Who asks for it only then does not keep the kernel waiting. */
    @Test
    void aTakeoverAsksForTheAddressOfANameWhenItServes() throws Exception {
        String[] pairs = {"size=16M", "socket=" + temp.resolve("s"), "state-dir=" + temp.resolve("state")};
        start(pairs).close();
        int port = freePort();
        try (Daemon daemon = start(with(pairs, "listen=localhost:" + port))) {
            assertTrue(daemon.served().listen().orElseThrow().isUnresolved());
            awaitListening(port);
        }
        assertNothingLeft();
    }

    /** What was there when the configuration was read has been swapped off, and removed, when its turn comes. */
    @Test
    void aFirstStartAfterATakeoverThatWasExpectedAsksForTheAddressOfANameAtOnce() throws Exception {
        Path state = temp.resolve("state");
        String[] pairs = {"size=16M", "socket=" + temp.resolve("s"), "state-dir=" + state};
        start(pairs).close();
        int port = freePort();
        Config read = config(with(pairs, "listen=localhost:" + port));
        try (DirectoryStream<Path> parts = Files.newDirectoryStream(state)) {
            for (Path part : parts) {
                Files.delete(part);
            }
        }
        try (Daemon _ = Daemon.start(read, host, Attachments.NONE, termination)) {
            assertTrue(isListening(port));
        }
        assertNothingLeft();
    }

    @Test
    void aTakeoverServesThoughTheInterfaceOfItsAddressIsGone() throws Exception {
        String[] pairs = {"size=16M", "socket=" + temp.resolve("s"), "state-dir=" + temp.resolve("state")};
        String gone = "[fe80::1%nosuch]:10809";
        start(pairs).close();
        try (Daemon _ = start(with(with(pairs, "listen=" + gone), "insecure=yes"))) {
            new LoopbackClient(UnixDomainSocketAddress.of(temp.resolve("s")), "swap0").close();
            assertEquals(
                    gone, ExportStatus.named(host, "swap0").getFirst().entry().listen());
        }
    }

    /**
     * As at boot, before there is a network: who starts it again is not to give that up, see {@link LastingException}.
     */
    @Test
    void aFirstStartMayComeBeforeTheNameOfItsAddressIsKnown() throws IOException {
        String[] pairs = {"size=16M", "insecure=yes", "listen=no.such.host.invalid:10809"};
        for (String[] all : List.of(pairs, with(pairs, "socket=" + temp.resolve("s")))) {
            IOException e = assertThrows(IOException.class, () -> start(all));
            assertEquals(
                    "--listen: host no.such.host.invalid is not known: give an address such as 127.0.0.1",
                    e.getMessage());
            assertFalse(LastingException.isCauseOf(e));
            assertNothingLeft();
        }
    }

    @Test
    void anAddressThatIsLookedUpLateIsRefusedAsEarlier() throws Exception {
        var all = InetSocketAddress.createUnresolved("0.0.0.0", 10809);
        var wary = new Endpoints(config("size=16M"), host, Optional.empty(), true);
        assertThrows(LastingException.class, () -> wary.known(all));
        var insecure =
                new Endpoints(config("size=16M", "insecure=yes", "listen=0.0.0.0:10809"), host, Optional.empty(), true);
        assertEquals(10809, insecure.known(all).getPort());
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void awaitListening(int port) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!isListening(port)) {
            assertTrue(System.nanoTime() < end);
            Thread.sleep(10);
        }
    }

    private static boolean isListening(int port) {
        try (Socket _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
