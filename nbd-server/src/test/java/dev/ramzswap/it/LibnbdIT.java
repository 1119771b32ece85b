package dev.ramzswap.it;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.nbd.Certificates;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Test programs of libnbd, unmodified, from Debian's source package. */
class LibnbdIT {
    private static final int RUNS = Integer.getInteger("ramzswap.runs", 1);
    private static final int MOST_TRIES = 5;

    @TempDir
    private static Path programs;

    @TempDir
    private Path directory;

    @BeforeAll
    static void build() throws Exception {
        Tool.run(Launcher.suite("build-libnbd-tests"), programs, Launcher.PATH);
        Certificates.make(programs.resolve("source/tests/pki"));
    }

    /**
     * Random reads and writes for 10 s over 8 connections, two of the three with 64 requests in flight on each, two of
     * them against a copy that the client keeps. All three run at once, each on a daemon of its own. Again and again:
     * {@code -Dramzswap.runs=200}.
     */
    @Test
    void parallel() throws Exception {
        for (int run = 0; run < RUNS; run++) {
            int tries = 1;
            while (!runInParallel(Files.createTempDirectory(directory, "run"))) {
                assertTrue(tries++ < MOST_TRIES, "no request was sent within 10 s, time and again");
            }
        }
    }

    /**
     * Returns whether all have sent requests: they end 10 s after they began, whether they are connected by then or
     * not.
     */
    private static boolean runInParallel(Path directory) throws Exception {
        try (DaemonProcess one = serve(directory.resolve("one"), "64M");
                DaemonProcess two = serve(directory.resolve("two"), "64M");
                DaemonProcess three = serve(directory.resolve("three"), "8M")) {
            fillWithPattern(one, "64M");
            fillWithPattern(three, "8M");
            try (Tool integrity = start("aio-parallel", one);
                    Tool load = start("aio-parallel-load", two);
                    Tool synchronous = start("synch-parallel", three)) {
                boolean hasChecked = hasHad64InFlight(integrity.await().expect(0));
                boolean hasLoaded = hasHad64InFlight(load.await().expect(0));
                return hasRequests(synchronous.await().expect(0)) && hasChecked && hasLoaded;
            }
        }
    }

    private static DaemonProcess serve(Path directory, String size) throws Exception {
        Path own = Files.createDirectory(directory);
        return DaemonProcess.start(own, "--size", size, "--limit", "4M", "--backing-file", own.resolve("backing"));
    }

    /** What they expect to find there: libnbd's own scripts put it there by nbdkit, too. */
    private static void fillWithPattern(DaemonProcess daemon, String size) throws Exception {
        Tool.run("nbdkit", "-U", "-", "pattern", "size=" + size, "--run", "nbdcopy \"$uri\" '" + daemon.uri() + "'");
    }

    private static Tool start(String program, DaemonProcess daemon) throws Exception {
        return Tool.start(Map.of(), programs.resolve(program), daemon.socket());
    }

    /** Returns false if it has sent no request at all. */
    private static boolean hasHad64InFlight(Tool.Result result) {
        boolean hasRequests = hasRequests(result);
        assertTrue(!hasRequests || result.out().contains("max requests in flight: 64\n"), result::toString);
        return hasRequests;
    }

    private static boolean hasRequests(Tool.Result result) {
        return !result.out().contains("I/O requests: 0 ");
    }

    /**
     * They start the server themselves, and pass it a socket that listens (LISTEN_FDS). Their certificates they look
     * for where libnbd's own tests are built.
     */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "interop",
                "interop-tls-certs",
                "interop-tls-certs-allow-enabled",
                "interop-tls-certs-allow-fallback",
                "socket-activation",
                "list-exports"
            })
    void interop(String program) throws Exception {
        Path build = programs.resolve("source/interop");
        try (Tool tool = Tool.start(
                new Launcher(directory).environment(), "env", "--chdir=" + build, programs.resolve(program))) {
            tool.await().expect(0);
        }
    }
}
