package dev.ramzswap.runtime;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** Makes the AOT cache: runs a daemon through all that it can be asked for, which the JVM writes down when it ends. */
final class Training {
    private final Path home;
    private final Path directory;

    private Training(Path home, Path directory) {
        this.home = home;
        this.directory = directory;
    }

    static void run(Path home) throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("ramzswap-training");
        try {
            new Training(home, directory).run();
        } finally {
            try (var files = Files.walk(directory)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private void run() throws IOException, InterruptedException {
        Path cache = directory.resolve("aot");
        Path log = directory.resolve("log");
        Path socket = directory.resolve("s");
        ProcessBuilder builder = java(
                List.of("-XX:AOTCacheOutput=" + cache),
                "serve",
                "--socket=" + socket,
                "--export=name=fast,size=32M,limit=4M,backing-file=" + directory.resolve("backing"),
                "--export=name=dense,size=32M,codec=zstd");
        Process daemon = builder.redirectError(log.toFile()).start();
        try (BufferedReader out = daemon.inputReader()) {
            for (String line = out.readLine(); !"ready".equals(line); line = out.readLine()) {
                if (line == null) {
                    throw new IOException("the daemon did not start: " + Files.readString(log));
                }
            }
            exercise(socket);
            // Process.destroy would close the stream, and the cache's messages come through it.
            daemon.toHandle().destroy();
            out.readAllAsString();
        } finally {
            daemon.destroyForcibly().waitFor();
        }
        if (daemon.exitValue() != 0 || !Files.exists(cache)) {
            throw new IOException("no AOT cache came of the training: " + Files.readString(log));
        }
        Path file = home.resolve("ramzswap.aot");
        Files.copy(cache, file.resolveSibling("ramzswap.aot.new"), StandardCopyOption.REPLACE_EXISTING);
        Files.move(file.resolveSibling("ramzswap.aot.new"), file, StandardCopyOption.ATOMIC_MOVE);
    }

    private void exercise(Path socket) throws IOException, InterruptedException {
        try (NbdTrainer fast = new NbdTrainer(socket, "fast");
                NbdTrainer dense = new NbdTrainer(socket, "dense")) {
            fast.exercise();
            dense.exercise();
            command("set", "fast", "limit=6M", "codec=zstd:3");
            command("set", "dense", "codec=lz4");
            fast.exercise();
            command("set", "fast", "limit=4M");
            dense.exercise();
        }
        command("status", "--json");
    }

    private void command(String... words) throws IOException, InterruptedException {
        Path output = directory.resolve("command");
        int status = java(List.of(), words)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start()
                .waitFor();
        if (status != 0) {
            throw new IOException(String.join(" ", words) + ": " + Files.readString(output));
        }
    }

    /** The command as {@code bin/ramzswap} runs it, but for the cache. */
    private ProcessBuilder java(List<String> flags, String... words) {
        var command = new ArrayList<String>();
        command.add(home.resolve("jvm/bin/java").toString());
        command.add("@" + home.resolve("java.options"));
        command.add("-Djava.library.path=" + home.resolve("lib"));
        command.addAll(flags);
        command.addAll(List.of("-jar", home.resolve("lib/ramzswap.jar").toString()));
        command.addAll(List.of(words));
        ProcessBuilder builder = new ProcessBuilder(command).redirectInput(new File("/dev/null"));
        builder.environment()
                .putAll(Map.of("RAMZSWAP_RUNTIME_DIR", directory.resolve("run").toString(), "MALLOC_ARENA_MAX", "1"));
        return builder;
    }
}
