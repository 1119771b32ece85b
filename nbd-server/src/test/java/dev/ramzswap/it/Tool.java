package dev.ramzswap.it;

import static java.util.Map.entry;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A run of a program: what it printed and how it ended. It gets a directory of its own to work in, and a time after
 * which it is killed and the test fails. A program that is not installed is a failure that names its Debian package.
 */
final class Tool implements AutoCloseable {
    private static final Duration BOUND = Duration.ofSeconds(60);

    private static final Map<String, String> PACKAGES = Map.ofEntries(
            entry("fio", "fio"),
            entry("fish", "fish"),
            entry("nbd-client", "nbd-client"),
            entry("nbdcopy", "libnbd-bin"),
            entry("nbdfuse", "libnbd-bin"),
            entry("nbdinfo", "libnbd-bin"),
            entry("nbdkit", "nbdkit"),
            entry("nbdsh", "python3-libnbd"),
            entry("qemu-img", "qemu-utils"),
            entry("qemu-io", "qemu-utils"),
            entry("qemu-nbd", "qemu-utils"),
            entry("setpriv", "util-linux"),
            entry("zsh", "zsh"));

    /** What a program printed, and its exit status. */
    record Result(String command, int exit, String out, String err) {
        Result expect(int status) {
            assertEquals(status, exit, () -> "exit status of " + this);
            return this;
        }

        @Override
        public String toString() {
            return command + "\nexit status: " + exit + "\nstdout:\n" + out + "\nstderr:\n" + err;
        }
    }

    private final String command;
    private final Process process;
    private final Path directory;

    private Tool(String command, Process process, Path directory) {
        this.command = command;
        this.process = process;
        this.directory = directory;
    }

    /** Runs a program to its end, which must be a success. */
    static Result run(Object... command) throws IOException, InterruptedException {
        return runToEnd(command).expect(0);
    }

    /** Runs a program to its end, whatever that is. */
    static Result runToEnd(Object... command) throws IOException, InterruptedException {
        try (Tool tool = start(Map.of(), command)) {
            return tool.await();
        }
    }

    /** Starts a program with these variables added to its environment. */
    static Tool start(Map<String, String> variables, Object... command) throws IOException {
        List<String> words = new ArrayList<>();
        for (Object word : command) {
            words.add(word.toString());
        }
        Path directory = Files.createTempDirectory("it");
        ProcessBuilder builder = new ProcessBuilder(words)
                .directory(directory.toFile())
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(directory.resolve("out").toFile())
                .redirectError(directory.resolve("err").toFile());
        builder.environment().putAll(variables);
        try {
            return new Tool(String.join(" ", words), builder.start(), directory);
        } catch (IOException e) {
            deleteAll(directory);
            String debianPackage = PACKAGES.get(words.getFirst());
            return fail(
                    debianPackage == null
                            ? "cannot start " + words.getFirst()
                            : words.getFirst() + " is missing: apt-get install " + debianPackage,
                    e);
        }
    }

    Result await() throws IOException, InterruptedException {
        if (!process.waitFor(BOUND.toSeconds(), TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
            fail("not done after " + BOUND.toSeconds() + " s: " + result());
        }
        return result();
    }

    private Result result() throws IOException {
        return new Result(
                command,
                process.exitValue(),
                Files.readString(directory.resolve("out")),
                Files.readString(directory.resolve("err")));
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** What it has printed so far. */
    String output() throws IOException {
        return Files.readString(directory.resolve("out"));
    }

    long pid() {
        return process.pid();
    }

    /** Kills it, if it has not ended, and deletes its directory. */
    @Override
    public void close() throws IOException {
        process.destroyForcibly().onExit().join();
        deleteAll(directory);
    }

    private static void deleteAll(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }
}
