package dev.ramzswap.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A {@code ramzswap serve} that listens on a Unix socket and a free TCP port. Closing it checks that SIGTERM ends it
 * with status 0 and that nothing of it stays behind.
 */
final class DaemonProcess implements AutoCloseable {
    private static final Duration BOUND = Duration.ofSeconds(30);
    private static final Pattern NUMBER = Pattern.compile("\"(\\w+)\": (\\d+)");

    private final Launcher launcher;
    private final Path socket;
    private final Path log;
    private final int port;
    private final Process process;

    private DaemonProcess(Launcher launcher, int port, ProcessBuilder builder) throws IOException {
        this.launcher = launcher;
        this.socket = socket(launcher);
        this.log = launcher.directory().resolve("serve.log");
        this.port = port;
        this.process =
                builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    }

    private static Path socket(Launcher launcher) {
        return launcher.directory().resolve("s");
    }

    private static Object[] arguments(Launcher launcher, int port, Object... options) {
        return Stream.concat(
                        Stream.of("serve", "--socket", socket(launcher), "--listen", "127.0.0.1:" + port),
                        Stream.of(options))
                .toArray();
    }

    /** Starts a daemon in the directory of a test, and waits until it says that it is ready. */
    static DaemonProcess start(Path directory, Object... options) throws IOException, InterruptedException {
        return start(directory, Map.of(), options);
    }

    /** The same, with something added to the environment. */
    static DaemonProcess start(Path directory, Map<String, String> environment, Object... options)
            throws IOException, InterruptedException {
        Launcher launcher = new Launcher(directory);
        int port = freePort();
        ProcessBuilder builder = launcher.process(arguments(launcher, port, options));
        builder.environment().putAll(environment);
        return new DaemonProcess(launcher, port, builder).awaitReady();
    }

    /** The same, with an option of the JVM. */
    static DaemonProcess startWith(String jvmOption, Path directory, Object... options)
            throws IOException, InterruptedException {
        Launcher launcher = new Launcher(directory);
        int port = freePort();
        ProcessBuilder builder = launcher.processWith(jvmOption, arguments(launcher, port, options));
        return new DaemonProcess(launcher, port, builder).awaitReady();
    }

    /** What it logs may come behind that. */
    static boolean isReady(String output) {
        return output.contains("\nready\n");
    }

    /** The same for one that was started as another program's argument, or by a shell. */
    static void awaitReady(Tool daemon) throws IOException, InterruptedException {
        while (!isReady(daemon.output())) {
            if (!daemon.isAlive()) {
                fail(daemon.await().toString());
            }
            Thread.sleep(20);
        }
    }

    private DaemonProcess awaitReady() throws IOException, InterruptedException {
        long end = System.nanoTime() + BOUND.toNanos();
        while (!isReady(output())) {
            if (process.waitFor(20, TimeUnit.MILLISECONDS) || System.nanoTime() - end > 0) {
                process.destroyForcibly();
                fail("the daemon did not become ready: " + output());
            }
        }
        return this;
    }

    /** A port that was free a moment ago. */
    static int freePort() throws IOException {
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return probe.getLocalPort();
        }
    }

    /** All that the daemon has printed; what it logs comes from a thread of its own, a moment after what it did. */
    String output() throws IOException {
        return Files.readString(log);
    }

    /** Waits until it has printed this, which must be soon. */
    void awaitOutput(String part) throws IOException, InterruptedException {
        long end = System.nanoTime() + BOUND.toNanos();
        while (!output().contains(part)) {
            assertTrue(System.nanoTime() - end < 0, part + " is not in " + output());
            Thread.sleep(20);
        }
    }

    long pid() {
        return process.pid();
    }

    Path socket() {
        return socket;
    }

    /** The default export. */
    String uri() {
        return uri("");
    }

    String uri(String export) {
        return "nbd+unix:///" + export + "?socket=" + socket;
    }

    int port() {
        return port;
    }

    String tcpUri(String export) {
        return "nbd://127.0.0.1:" + port + "/" + export;
    }

    Launcher launcher() {
        return launcher;
    }

    /** The numbers that {@code status --json} shows of an export. */
    Map<String, Long> status(String export) throws IOException, InterruptedException {
        String json = launcher.run("status", "--name", export, "--json").out();
        Map<String, Long> numbers = new HashMap<>();
        Matcher matcher = NUMBER.matcher(json);
        while (matcher.find()) {
            numbers.put(matcher.group(1), Long.parseLong(matcher.group(2)));
        }
        assertFalse(numbers.isEmpty(), json);
        return numbers;
    }

    /** Ends it as a crash would; nothing is cleaned up. */
    void kill() {
        process.destroyForcibly().onExit().join();
    }

    void terminate() {
        process.destroy();
    }

    /** Sends SIGTERM; it must exit with status 0, soon. */
    void stop() throws IOException {
        terminate();
        awaitEnd();
    }

    /** Waits until it has exited, which must be soon, with status 0. */
    void awaitEnd() throws IOException {
        try {
            process.onExit().orTimeout(BOUND.toSeconds(), TimeUnit.SECONDS).join();
        } catch (CompletionException e) {
            kill();
            fail("the daemon did not end: " + output(), e);
        }
        assertEquals(0, process.exitValue(), output());
        assertFalse(Files.exists(socket), "the socket is left behind");
    }

    @Override
    public void close() throws IOException {
        if (process.isAlive()) {
            stop();
        }
    }
}
