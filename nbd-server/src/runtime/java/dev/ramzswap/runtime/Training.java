package dev.ramzswap.runtime;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Makes the AOT cache: starts a daemon in swap mode, which uses all that it has in its warm-up, and ends it. The JVM
 * then writes down what it came to know.
 */
final class Training {
    private final Path home;
    private final Path directory;

    private Training(Path home, Path directory) {
        this.home = home;
        this.directory = directory;
    }

    /** Writes {@code ramzswap.aot}. */
    static void run(Path home) throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("ramzswap-training");
        try {
            new Training(home, directory).run();
        } finally {
            Trees.delete(directory);
        }
    }

    private void run() throws IOException, InterruptedException {
        Path cache = directory.resolve("aot");
        Path log = directory.resolve("log");
        Process daemon = daemon(cache).redirectError(log.toFile()).start();
        try (BufferedReader out = daemon.inputReader()) {
            for (String line = out.readLine(); !"ready".equals(line); line = out.readLine()) {
                if (line == null) {
                    throw new IOException("the daemon did not start: " + Files.readString(log));
                }
            }
            // Process.destroy would close the stream, and the cache's messages come through it.
            daemon.toHandle().destroy();
            out.readAllAsString();
        } finally {
            daemon.destroyForcibly().waitFor();
        }
        if (daemon.exitValue() != 0 || !Files.exists(cache)) {
            throw new IOException("no AOT cache came of the training: " + Files.readString(log));
        }
        Trees.replace(cache, home.resolve("ramzswap.aot"));
    }

    /** As {@code bin/ramzswap} runs it, but for the cache. Whoever builds need not be root. */
    private ProcessBuilder daemon(Path cache) {
        ProcessBuilder builder = new ProcessBuilder(
                        home.resolve("jvm/bin/java").toString(),
                        "@" + home.resolve("java.options"),
                        "-Djava.library.path=" + home.resolve("lib"),
                        "-XX:AOTCacheOutput=" + cache,
                        "-jar",
                        home.resolve("lib/ramzswap.jar").toString(),
                        "serve",
                        "--swap",
                        "--unsafe",
                        "--size=16M",
                        "--backing-file=" + directory.resolve("file"),
                        "--socket=" + directory.resolve("s"))
                .redirectInput(new File("/dev/null"));
        builder.environment()
                .putAll(Map.of("RAMZSWAP_RUNTIME_DIR", directory.resolve("run").toString(), "MALLOC_ARENA_MAX", "1"));
        return builder;
    }
}
