package dev.ramzswap.it;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;

/**
 * {@code ./ramzswap} as a user runs it, on what Maven has just built, with a runtime directory below the test's own
 * directory, so that tests neither see nor disturb daemons of this machine.
 */
record Launcher(Path directory) {
    private static final Path ROOT =
            Path.of(System.getProperty("ramzswap.root", "..")).toAbsolutePath().normalize();
    static final Path PATH = ROOT.resolve("ramzswap");
    static final Path RUNTIME = ROOT.resolve("nbd-server/target/runtime");

    /** What {@link #PATH} runs, and the package installs. */
    static final Path PACKAGED = RUNTIME.resolve("bin/ramzswap");

    /** A script of those that drive others' tests. */
    static Path suite(String name) {
        return ROOT.resolve("nbd-server/src/test/suites").resolve(name);
    }

    /** Starts a command of the command line. */
    Tool start(Object... arguments) throws IOException {
        Object[] command = Stream.concat(Stream.of(PATH), Stream.of(arguments)).toArray();
        return Tool.start(environment(), command);
    }

    /** Runs a command of the command line to its end, whatever that is. */
    Tool.Result runToEnd(Object... arguments) throws IOException, InterruptedException {
        try (Tool tool = start(arguments)) {
            return tool.await();
        }
    }

    /** Runs a command of the command line, which must succeed. */
    Tool.Result run(Object... arguments) throws IOException, InterruptedException {
        return runToEnd(arguments).expect(0);
    }

    ProcessBuilder process(Object... arguments) {
        return process(Stream.of(PATH), arguments);
    }

    /** As {@code bin/ramzswap} runs it, with an option of the JVM besides, which that lets nobody give. */
    ProcessBuilder processWith(String jvmOption, Object... arguments) {
        Stream<Object> command = Stream.of(
                RUNTIME.resolve("jvm/bin/java"),
                "@" + RUNTIME.resolve("java.options"),
                "-Djava.library.path=" + RUNTIME.resolve("lib"),
                "-XX:AOTCache=" + RUNTIME.resolve("ramzswap.aot"),
                jvmOption,
                "-jar",
                RUNTIME.resolve("lib/ramzswap.jar"));
        return process(command, arguments);
    }

    private ProcessBuilder process(Stream<Object> command, Object... arguments) {
        ProcessBuilder builder = new ProcessBuilder(Stream.concat(command, Stream.of(arguments))
                .map(Object::toString)
                .toList());
        builder.environment().putAll(environment());
        return builder;
    }

    Map<String, String> environment() {
        return Map.of(
                "RAMZSWAP_RUNTIME_DIR", directory.resolve("run").toString(),
                "RAMZSWAP_BUILD", "no",
                "JAVA_HOME", System.getProperty("java.home"));
    }
}
