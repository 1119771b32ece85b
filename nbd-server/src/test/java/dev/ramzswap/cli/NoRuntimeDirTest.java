package dev.ramzswap.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.ChildJvm;
import dev.ramzswap.config.RuntimePath;
import dev.ramzswap.store.CodecSpec;
import dev.ramzswap.store.PageStore;
import dev.ramzswap.store.StoreConfig;
import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A daemon that takes over for the kernel, where the runtime directory cannot be made. */
class NoRuntimeDirTest {
    private static final long LIMIT = 2 << 20;

    /** Leaves pages by the name of an export. */
    private static void leavePages(Path state) throws Exception {
        StoreConfig pages = new StoreConfig(
                "x",
                256,
                LIMIT,
                CodecSpec.LZ4,
                StoreConfig.DEFAULT_CUTOFF,
                Optional.empty(),
                false,
                0,
                Optional.of(state));
        PageStore.open(pages).close();
    }

    /** But for its sockets, if their paths were too long there. */
    @ParameterizedTest
    @ValueSource(ints = {5, 100})
    @Timeout(60)
    void itsWarmUpHasAllRoomWhereThePagesAre(int length, @TempDir Path directory) throws Exception {
        Path state = directory.resolve("x".repeat(length));
        leavePages(state);
        Path none = Files.createFile(directory.resolve("file")).resolve("run");
        ProcessBuilder builder = ChildJvm.of(
                Main.class,
                "serve",
                "--swap",
                "--unsafe",
                "--name=x",
                "--size=1M",
                "--limit=" + LIMIT,
                "--state-dir=" + state,
                "--socket=" + directory.resolve("s"));
        builder.environment().put(RuntimePath.VARIABLE, none.toString());
        Process daemon = builder.start();
        List<String> said = new ArrayList<>();
        try (BufferedReader out = daemon.inputReader()) {
            assertTrue(out.lines().peek(said::add).anyMatch("ready"::equals), said::toString);
        } finally {
            daemon.destroyForcibly().waitFor();
        }
    }
}
