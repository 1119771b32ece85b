package dev.ramzswap.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.nbd.Certificates;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The daemon started for its first client, by the tool that systemd has for trying that. */
@Timeout(60)
class SocketActivationIT {
    private static final boolean IS_ROOT = System.getProperty("user.name").equals("root");
    private static final Path NOWHERE = Path.of("/dev/null");

    @TempDir
    private Path directory;

    private Tool listen(Object... listenOptions) throws IOException {
        return listen(List.of(listenOptions), List.of());
    }

    /** Starts a process that listens, and becomes the daemon when somebody connects. */
    private Tool listen(List<Object> listenOptions, List<Object> serveOptions) throws IOException {
        Map<String, String> variables = new Launcher(directory).environment();
        List<Object> words = new ArrayList<>(List.of("systemd-socket-activate", "--setenv=PATH"));
        variables.keySet().forEach(name -> words.add("--setenv=" + name));
        words.addAll(listenOptions);
        Collections.addAll(words, Launcher.PATH, "serve", "--size", "8M");
        words.addAll(serveOptions);
        return Tool.start(variables, words.toArray());
    }

    private Tool listenOnUnix(Object... serveOptions) throws Exception {
        Path socket = directory.resolve("s");
        Tool server = listen(List.of("--listen=" + socket), List.of(serveOptions));
        while (!Files.exists(socket)) {
            Thread.sleep(10);
        }
        return server;
    }

    private String unixUri() {
        return "nbd+unix:///?socket=" + directory.resolve("s");
    }

    private static void connect(int port) throws InterruptedException {
        while (true) {
            try (Socket _ = new Socket("127.0.0.1", port)) {
                return;
            } catch (IOException e) {
                Thread.sleep(10);
            }
        }
    }

    private void writeAndReadBack(String uri) throws Exception {
        Tool.run("qemu-io", "-f", "raw", "-c", "write -P 7 1M 1M", uri);
        Tool.run("qemu-io", "-f", "raw", "-c", "read -P 7 1M 1M", "-c", "read -P 0 2M 6M", uri);
    }

    @Test
    void unix() throws Exception {
        try (Tool server = listenOnUnix()) {
            writeAndReadBack(unixUri());
            new Launcher(directory).run("stop", "swap0");
            Tool.Result result = server.await().expect(0);
            assertTrue(result.out().contains("on the socket that was passed (LISTEN_FDS)\n"), result::toString);
        }
        assertTrue(Files.exists(directory.resolve("s")), "the socket file is the service manager's");
    }

    /** To be somebody else, a client needs root's rights. */
    @Test
    void theListsOfUsersHoldThere() throws Exception {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        try (Tool server = listenOnUnix("--allow-users", "4711")) {
            Files.setPosixFilePermissions(directory.resolve("s"), PosixFilePermissions.fromString("rw-rw-rw-"));
            nbdinfoAs(4711).expect(0);
            nbdinfoAs(4712).expect(IS_ROOT ? 1 : 0);
            new Launcher(directory).run("stop", "swap0");
            server.await().expect(0);
        }
    }

    private Tool.Result nbdinfoAs(int user) throws Exception {
        return IS_ROOT
                ? Tool.runToEnd("setpriv", "--reuid", user, "--regid", 1, "--clear-groups", "--", "nbdinfo", unixUri())
                : Tool.runToEnd("nbdinfo", unixUri());
    }

    @Test
    void tcp() throws Exception {
        int port = DaemonProcess.freePort();
        try (Tool server = listen("--listen=127.0.0.1:" + port)) {
            connect(port);
            writeAndReadBack("nbd://127.0.0.1:" + port);
            new Launcher(directory).run("stop", "swap0");
            server.await().expect(0);
        }
    }

    @Test
    void oneSocketAtATime() throws Exception {
        try (Tool server = listen("--listen=" + directory.resolve("s"), "--listen=" + directory.resolve("t"))) {
            while (!Files.exists(directory.resolve("t"))) {
                Thread.sleep(10);
            }
            Tool.runToEnd("qemu-io", "-f", "raw", "-c", "read 0 1", unixUri());
            Tool.Result result = server.await();
            assertNotEquals(0, result.exit());
            assertTrue(result.err().contains("LISTEN_FDS: 2 sockets were passed"), result::toString);
        }
    }

    @Test
    void whatDoesNotListenIsRefused() throws Exception {
        String shell = "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" serve --size 8M 3</dev/null";
        try (Tool server = Tool.start(new Launcher(directory).environment(), "sh", "-c", shell, Launcher.PATH)) {
            Tool.Result result = server.await().expect(2);
            assertTrue(
                    result.err().contains("LISTEN_FDS: file descriptor 3 is not a listening socket"), result::toString);
        }
    }

    /** Java leads stdout and stderr to nowhere when it closes the socket; what the daemon says then must be heard. */
    @Test
    void itsOutputsStayOpenWhenItStopsToAccept() throws Exception {
        Path connected = directory.resolve("connected");
        String script = "import time; open('" + connected + "', 'w'); time.sleep(100)";
        try (Tool server = listenOnUnix();
                Tool client =
                        Tool.start(Map.of("PATH", NbdshIT.DEBIANS_PATH), "nbdsh", "-u", unixUri(), "-c", script)) {
            while (!Files.exists(connected) || !DaemonProcess.isReady(server.output())) {
                assertTrue(client.isAlive() && server.isAlive(), "one of them has ended");
                Thread.sleep(10);
            }
            Path out = stream(server, 1);
            Path err = stream(server, 2);
            ProcessHandle.of(server.pid()).orElseThrow().destroy();
            while (!stream(server, 0).equals(NOWHERE) || !stream(server, 2).equals(err)) {
                Thread.sleep(10);
            }
            assertEquals(out, stream(server, 1));
        }
    }

    private static Path stream(Tool server, int number) throws IOException {
        return Files.readSymbolicLink(Path.of("/proc/" + server.pid() + "/fd/" + number));
    }

    @Test
    void oneThatOtherMachinesReachIsRefused() throws Exception {
        int port = DaemonProcess.freePort();
        try (Tool server = listen("--listen=0.0.0.0:" + port)) {
            connect(port);
            Tool.Result result = server.await().expect(2);
            assertTrue(result.err().contains("LISTEN_FDS: other machines can reach "), result::toString);
        }
    }

    @Test
    void oneThatOtherMachinesReachIsServedByTls() throws Exception {
        Certificates certificates = Certificates.make(directory.resolve("pki"));
        int port = DaemonProcess.freePort();
        List<Object> tls = List.of(
                "--tls-cert",
                certificates.file("server-cert.pem"),
                "--tls-key",
                certificates.file("server-key.pem"),
                "--tls-ca",
                certificates.file("ca-cert.pem"));
        try (Tool server = listen(List.of("--listen=0.0.0.0:" + port), tls)) {
            connect(port);
            assertNotEquals(
                    0, Tool.runToEnd("nbdinfo", "nbd://127.0.0.1:" + port).exit());
            Tool.run("nbdinfo", "nbds://127.0.0.1:" + port + "/?tls-certificates=" + certificates.directory());
            new Launcher(directory).run("stop", "swap0");
            server.await().expect(0);
        }
    }
}
