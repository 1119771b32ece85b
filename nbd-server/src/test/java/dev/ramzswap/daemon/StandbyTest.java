package dev.ramzswap.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.config.Config;
import dev.ramzswap.config.ConfigException;
import dev.ramzswap.config.Host;
import dev.ramzswap.config.RuntimePath;
import dev.ramzswap.config.Settings;
import dev.ramzswap.store.PageStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Locks belong to open files, so that one process can be several daemons here. */
@Timeout(30)
class StandbyTest {
    @TempDir
    private Path directory;

    private Config config(String size) throws ConfigException {
        Host host = new Host(8L << 30, 0, Map.of(RuntimePath.VARIABLE, directory.toString()));
        var settings = new Settings();
        settings.flag("size", size);
        settings.flag("standby", "yes");
        settings.flag("state-dir", directory.resolve("state").toString());
        return Config.of(settings, host);
    }

    private static PageStore serve(Config config) throws IOException {
        return PageStore.open(config.exports().getFirst().store(config));
    }

    @Test
    void needsAStateDirectory() {
        Host host = new Host(8L << 30, 0, Map.of(RuntimePath.VARIABLE, directory.toString()));
        String message = assertThrows(ConfigException.class, () -> {
                    var settings = new Settings();
                    settings.flag("size", "16M");
                    settings.flag("standby", "yes");
                    Config.of(settings, host);
                })
                .getMessage();
        assertTrue(message.startsWith("--standby: ") && message.endsWith("add --state-dir"), message);
    }

    @Test
    void waitsForTheOneThatServesAndSaysSoBefore() throws Exception {
        Config config = config("16M");
        CountDownLatch waits = new CountDownLatch(1);
        CompletableFuture<Void> turn;
        try (PageStore _ = serve(config)) {
            turn = CompletableFuture.runAsync(() -> {
                try (Standby place = Standby.await(config, () -> {})) {
                    place.awaitTurn(config, waits::countDown);
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            assertTrue(waits.await(10, TimeUnit.SECONDS));
            assertTrue(Standby.isTaken(config));
            assertThrows(TimeoutException.class, () -> turn.get(50, TimeUnit.MILLISECONDS));
        }
        turn.get(10, TimeUnit.SECONDS);
        assertFalse(Standby.isTaken(config));
    }

    @Test
    void doesNotWaitIfNobodyServes() throws Exception {
        Config config = config("16M");
        try (Standby place = Standby.await(config, () -> {})) {
            place.awaitTurn(config, () -> {
                throw new AssertionError("nobody is waited for");
            });
        }
    }

    @Test
    void refusesToStandByForAStoreOfAnotherSize() throws Exception {
        try (PageStore _ = serve(config("16M"))) {
            String message = assertThrows(IOException.class, () -> Standby.await(config("32M"), () -> {}))
                    .getMessage();
            assertTrue(message.contains("4096 slots, not 8192"), message);
            assertFalse(Standby.isTaken(config("16M")), "who has the place is left to");
        }
        assertEquals(
                4096L * Long.BYTES, Files.size(directory.resolve("state/swap0.map")), "what is there is left alone");
    }
}
