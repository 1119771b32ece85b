package dev.ramzswap.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.config.Config;
import dev.ramzswap.config.ConfigException;
import dev.ramzswap.config.Host;
import dev.ramzswap.config.RuntimePath;
import dev.ramzswap.config.TestSettings;
import dev.ramzswap.status.ExportStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Daemons in this process, of one host whose runtime directory is temporary. */
abstract class DaemonFixture {
    @TempDir
    Path temp;

    Path run;
    Host host;

    @BeforeEach
    void host() throws IOException {
        run = temp.resolve("run");
        host = new Host(8L << 30, Host.current().uid(), Map.of(RuntimePath.VARIABLE, run.toString()));
    }

    Consumer<Runnable> termination = _ -> {};

    Daemon start(String... pairs) throws IOException, ConfigException, InterruptedException {
        return Daemon.start(config(pairs), host, Attachments.NONE, termination);
    }

    Config config(String... pairs) throws ConfigException {
        return Config.of(TestSettings.of(pairs), host);
    }

    void assertNothingLeft() throws IOException {
        try (Stream<Path> files = Files.list(run)) {
            assertEquals(List.of(run.resolve("names.lock")), files.toList());
        }
    }

    void awaitFound(String export) throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (ExportStatus.find(host, export).isEmpty()) {
            assertTrue(System.nanoTime() < end);
            Thread.sleep(10);
        }
    }

    static String[] with(String[] pairs, String more) {
        return Stream.concat(Stream.of(pairs), Stream.of(more)).toArray(String[]::new);
    }
}
