package dev.ramzswap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.ChildJvm;
import dev.ramzswap.config.Host;
import dev.ramzswap.config.RuntimePath;
import dev.ramzswap.store.CodecSpec;
import dev.ramzswap.store.Counters;
import dev.ramzswap.store.Counters.Counter;
import dev.ramzswap.store.PageStore;
import dev.ramzswap.store.StoreConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A daemon that starts just when the one before it reads the configuration file anew. */
class ReloadedMeanwhileTest {
    private static final long BEFORE = 2 << 20;
    private static final long AFTER = 3 << 20;

    /**
     * The command line in a JVM where another daemon is told to read the file anew, and ends, when this one has read
     * it, and asks the machine what it may do by it.
     */
    public static final class Serving {
        public static void main(String[] args) throws Exception {
            Path directory = Path.of(args[0]);
            PageStore before = PageStore.open(state(directory));
            write(directory, BEFORE);
            var variables = new HashMap<>(Map.of(RuntimePath.VARIABLE, directory.toString())) {
                private boolean isAsked;

                @Override
                public String get(Object name) {
                    if (!isAsked) {
                        isAsked = true;
                        write(directory, AFTER);
                        before.tunables().configure(AFTER, CodecSpec.LZ4);
                        before.close();
                    }
                    return super.get(name);
                }
            };
            Host host = new Host(8L << 30, Host.current().uid(), variables);
            System.exit(Main.commandLine(host)
                    .execute(
                            "serve",
                            "--config=" + file(directory),
                            "--unsafe",
                            "--state-dir=" + directory.resolve("state")));
        }
    }

    private static StoreConfig state(Path directory) {
        return new StoreConfig(
                "x",
                256,
                BEFORE,
                CodecSpec.LZ4,
                StoreConfig.DEFAULT_CUTOFF,
                Optional.empty(),
                false,
                0,
                Optional.of(directory.resolve("state")));
    }

    private static Path file(Path directory) {
        return directory.resolve("file");
    }

    private static void write(Path directory, long limit) {
        try {
            Files.writeString(file(directory), "name=x\nsize=1M\nlimit=" + limit + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    @Timeout(60)
    void whatItHasReadBeforeDoesNotUndoThat(@TempDir Path directory) throws Exception {
        Path said = directory.resolve("said");
        Process daemon = ChildJvm.of(Serving.class, directory.toString())
                .redirectOutput(said.toFile())
                .start();
        try {
            Path announced = directory.resolve("x.export");
            while (!Files.exists(announced)) {
                assertTrue(daemon.isAlive(), Files.readString(said));
                Thread.sleep(10);
            }
            Counters.Snapshot counters = Counters.read(directory.resolve("state/x.counters"));
            assertEquals(AFTER, counters.values().get(Counter.MEM_LIMIT));
            assertEquals(2, counters.timesConfigured());
        } finally {
            daemon.destroy();
            daemon.waitFor();
        }
    }
}
