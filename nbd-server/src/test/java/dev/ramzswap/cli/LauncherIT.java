package dev.ramzswap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher and the packaged daemon, each in a process of its own, as a user starts them. */
class LauncherIT {
    private static final Path LAUNCHER =
            Path.of(System.getProperty("ramzswap.root")).resolve("ramzswap");

    @TempDir
    private Path temp;

    private final List<Process> started = new ArrayList<>();

    @AfterEach
    void endAll() {
        started.forEach(Process::destroyForcibly);
    }

    private Process start(Path launcher, String... words) throws IOException {
        var command = new ArrayList<>(List.of(launcher.toString()));
        command.addAll(List.of(words));
        var builder = new ProcessBuilder(command).directory(temp.toFile()).redirectErrorStream(true);
        builder.environment().put("RAMZSWAP_RUNTIME_DIR", temp.resolve("run").toString());
        Process process = builder.start();
        started.add(process);
        return process;
    }

    private Process serve() throws IOException {
        Process daemon = start(LAUNCHER, "serve", "--size", "64M", "--socket", "s.sock");
        BufferedReader out = daemon.inputReader();
        var said = new ArrayList<String>();
        while (!said.contains("ready")) {
            String line = out.readLine();
            assertNotNull(line, () -> "ended before it was ready: " + said);
            said.add(line);
        }
        return daemon;
    }

    private String output(Process process, int status) throws Exception {
        String text = new String(process.getInputStream().readAllBytes());
        assertTrue(process.waitFor(30, TimeUnit.SECONDS));
        assertEquals(status, process.exitValue(), text);
        return text;
    }

    @Test
    void runsByALinkFromAnyDirectory() throws Exception {
        Path link = Files.createSymbolicLink(temp.resolve("link"), LAUNCHER);
        assertTrue(output(start(link, "--version"), 0).startsWith("ramzswap "));
        assertTrue(output(start(link, "serve", "--size", "0"), 2).startsWith("ramzswap: --size: 0 is too small"));
    }

    @Test
    void servesUntilSigterm() throws Exception {
        Process daemon = serve();
        String json = output(start(LAUNCHER, "status", "--json"), 0);
        assertTrue(json.contains(
                "\"name\": \"swap0\", \"size\": 67108864, \"codec\": \"lz4\", \"state\": \"serving\", \"pid\": "
                        + daemon.pid()));
        assertEquals(
                "swap0: limit is 128M, codec is zstd:3\n",
                output(start(LAUNCHER, "set", "swap0", "limit=128M", "codec=zstd:3"), 0));
        assertTrue(output(start(LAUNCHER, "status"), 0).contains("zstd:3"));
        daemon.toHandle().destroy();
        assertTrue(daemon.waitFor(30, TimeUnit.SECONDS));
        assertEquals(0, daemon.exitValue());
        assertFalse(Files.exists(temp.resolve("s.sock")));
        assertEquals(
                "ramzswap: nothing is served: start with ramzswap serve --size 1G\n",
                output(start(LAUNCHER, "status"), 1));
    }

    @Test
    void aKilledDaemonIsNotInTheWay() throws Exception {
        Process killed = serve();
        killed.destroyForcibly().waitFor();
        assertTrue(Files.exists(temp.resolve("s.sock")));
        output(start(LAUNCHER, "status"), 1);
        Process next = serve();
        assertTrue(output(start(LAUNCHER, "status"), 0).contains(Long.toString(next.pid())));
    }

    /** The JVM's own report would hold a piece of a page, and a core dump (SIGABRT) take as long as who gets it. */
    @Test
    void aCrashLeavesNoReport() throws Exception {
        Process daemon = serve();
        assertEquals(
                0,
                start(Path.of("/bin/kill"), "-SEGV", Long.toString(daemon.pid()))
                        .waitFor());
        assertTrue(daemon.waitFor(30, TimeUnit.SECONDS));
        assertEquals(1, daemon.exitValue());
        String report = "hs_err_pid" + daemon.pid() + ".log";
        assertFalse(Files.exists(temp.resolve(report)) || Files.exists(Path.of("/tmp", report)), report);
    }

    @Test
    void aLiveDaemonIsNotReplaced() throws Exception {
        serve();
        String text = output(start(LAUNCHER, "serve", "--size", "64M", "--name", "b", "--socket", "s.sock"), 1);
        assertTrue(text.matches("ramzswap: --socket: [^\n]*\n"), text);
    }
}
