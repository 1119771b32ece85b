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
import java.util.List;
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

    /** A configuration of several. */
    private Config exports(String... names) throws ConfigException {
        Host host = new Host(8L << 30, 0, Map.of(RuntimePath.VARIABLE, directory.toString()));
        var settings = new Settings();
        for (String name : names) {
            settings.export("size=16M,name=" + name);
        }
        settings.flag("standby", "yes");
        settings.flag("state-dir", directory.resolve("state").toString());
        return Config.of(settings, host);
    }

    private static PageStore serve(Config config) throws IOException {
        return PageStore.open(config.exports().getFirst().store(config));
    }

    private static Standby next(Config config) throws IOException, InterruptedException {
        return next(config, () -> {});
    }

    private static Standby next(Config config, Runnable whileFree) throws IOException, InterruptedException {
        Standby standby = new Standby(config, whileFree);
        standby.awaitPlace(() -> {});
        return standby;
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
                try (Standby place = next(config)) {
                    assertTrue(place.awaitTurn(waits::countDown));
                    assertFalse(place.withdraw(), "nobody else serves");
                } catch (IOException | InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
            assertTrue(waits.await(10, TimeUnit.SECONDS));
            assertTrue(Standby.mayLeave(config));
            assertThrows(TimeoutException.class, () -> turn.get(50, TimeUnit.MILLISECONDS));
        }
        turn.get(10, TimeUnit.SECONDS);
        assertFalse(Standby.mayLeave(config));
    }

    @Test
    void doesNotWaitIfNobodyServes() throws Exception {
        Config config = config("16M");
        try (Standby place = next(config)) {
            place.awaitTurn(() -> {
                throw new AssertionError("nobody is waited for");
            });
        }
    }

    @Test
    void refusesToStandByForAStoreOfAnotherSize() throws Exception {
        try (PageStore _ = serve(config("16M"))) {
            String message = assertThrows(IOException.class, () -> new Standby(config("32M")))
                    .getMessage();
            assertTrue(message.contains("4096 slots, not 8192"), message);
            assertFalse(Standby.mayLeave(config("16M")), "who has the place is left to");
        }
        assertEquals(
                4096L * Long.BYTES, Files.size(directory.resolve("state/swap0.map")), "what is there is left alone");
    }

    /** Of two that are told to end, each looks at the other when it has said what it does. */
    @Test
    void whoeverLooksLastStays() throws Exception {
        Config config = config("16M");
        try (PageStore _ = serve(config)) {
            try (Standby first = next(config)) {
                assertTrue(first.withdraw(), "the other is not told to end");
                assertFalse(Standby.mayLeave(config), "nobody stands by any more");
            }
            Standby.unmark(config);
            try (Standby first = next(config);
                    Standby second = new Standby(config)) {
                assertTrue(Standby.mayLeave(config));
                assertFalse(first.withdraw(), "the other may have left by now");
                assertFalse(first.withdraw(), "however often it is told");
                assertTrue(Standby.mayLeave(config), "or looks once more before it does");
                assertTrue(second.withdraw(), "nobody leaves to one that waits for the place");
            }
        }
    }

    /** Else it drains until the other one ends, which waits for just that: systemctl restart of both never ended. */
    @Test
    void whoStaysHasThePlace() throws Exception {
        Config config = config("16M");
        try (PageStore _ = serve(config);
                Standby first = next(config, () -> assertFalse(Standby.mayLeave(config), "the place is free"))) {
            assertFalse(first.withdraw(), "the other drains, and looks again");
            assertTrue(Standby.mayLeave(config));
            assertFalse(first.withdraw(), "however often it is told");
            assertTrue(Standby.mayLeave(config));
        }
    }

    @Test
    void whoFindsAThirdOneInItsPlaceEnds() throws Exception {
        Config config = config("16M");
        try (PageStore _ = serve(config);
                Standby third = new Standby(config);
                Standby first = next(config, () -> takesPlaceAndIsLeftTo(third, config))) {
            assertTrue(first.withdraw());
            assertTrue(Standby.mayLeave(config));
            assertFalse(third.withdraw(), "the other may have left to it by now");
            assertTrue(Standby.mayLeave(config));
        }
    }

    private static void takesPlaceAndIsLeftTo(Standby third, Config config) {
        try {
            third.awaitPlace(() -> {
                throw new AssertionError("the place is free");
            });
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
        assertTrue(Standby.mayLeave(config));
    }

    @Test
    void whoStayedTakesOverUnlessTheOtherEndedInOrder() throws Exception {
        Config config = config("16M");
        try (Standby place = next(config)) {
            try (PageStore _ = serve(config)) {
                assertTrue(Standby.mayLeave(config));
                assertFalse(place.withdraw());
            }
            assertTrue(place.awaitTurn(() -> {}));
        }
        try (Standby place = next(config)) {
            assertFalse(place.withdraw());
            Standby.unmark(config);
            assertFalse(place.awaitTurn(() -> {}));
        }
    }

    /**
     * The configuration was given another export before its standby was restarted: in front of the others, or behind.
     */
    @Test
    void aNewExportComesBetweenNobody() throws Exception {
        Config served = exports("old");
        for (Config next : List.of(exports("fresh", "old"), exports("old", "fresh"))) {
            Standby place;
            try (PageStore _ = serve(served)) {
                place = next(next, () -> assertFalse(Standby.mayLeave(served), "the place is free"));
                assertTrue(Standby.mayLeave(served));
                assertFalse(place.withdraw(), "the other may have left by now");
                Standby.unmark(served);
                assertFalse(place.withdraw(), "it takes its place again");
                assertTrue(Standby.mayLeave(served));
            }
            assertTrue(place.awaitTurn(() -> {}));
            place.close();
            Standby.unmark(served);
            assertFalse(Files.exists(directory.resolve("state/fresh.map")), "it waits for what is there alone");
        }
    }

    /** Who has two exports leaves them to nobody who takes over but one. */
    @Test
    void whoServesMoreThanTheStandbyStays() throws Exception {
        Config both = exports("a", "b");
        try (Standby _ = next(exports("a"))) {
            assertFalse(Standby.mayLeave(both));
        }
        try (Standby _ = next(exports("b", "a"))) {
            assertTrue(Standby.mayLeave(both));
            try (Standby third = new Standby(exports("a"))) {
                assertTrue(third.withdraw(), "it has no place");
            }
        }
    }

    /** Of several places, all or none. */
    @Test
    void whoWaitsForOnePlaceKeepsNobodyFromAnother() throws Exception {
        try (Standby _ = next(exports("b"));
                Standby waits = new Standby(exports("a", "b"))) {
            CompletableFuture<Void> turn = CompletableFuture.runAsync(() -> {
                try {
                    waits.awaitPlace(() -> {});
                } catch (IOException | InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
            try (Standby place = new Standby(exports("a"))) {
                place.awaitPlace(() -> {});
                assertFalse(turn.isDone());
            }
        }
    }

    /** A third daemon serves the one, and the other's has died. */
    @Test
    void whosePagesWaitIsNotToWaitForAnotherExport() throws Exception {
        for (Config next : List.of(exports("a", "b"), exports("b", "a"))) {
            CountDownLatch waits = new CountDownLatch(1);
            try (PageStore _ = serve(exports("a"))) {
                PageStore dies = serve(exports("b"));
                CompletableFuture<Boolean> turn = awaitTurn(next, waits);
                assertTrue(waits.await(10, TimeUnit.SECONDS));
                assertThrows(TimeoutException.class, () -> turn.get(150, TimeUnit.MILLISECONDS));
                dies.close();
                assertTrue(turn.get(10, TimeUnit.SECONDS));
            }
        }
    }

    /**
     * A daemon that has ended in order leaves nothing, and one that has just begun has nothing yet: as good as none.
     */
    @Test
    void anExportWithoutPagesEndsNoWaitForAnother() throws Exception {
        CountDownLatch waits = new CountDownLatch(1);
        CompletableFuture<Boolean> turn;
        try (PageStore _ = serve(exports("a"))) {
            PageStore ends = serve(exports("b"));
            turn = awaitTurn(exports("b", "a"), waits);
            assertTrue(waits.await(10, TimeUnit.SECONDS));
            ends.discard();
            assertThrows(TimeoutException.class, () -> turn.get(500, TimeUnit.MILLISECONDS));
            Files.createFile(directory.resolve("state/b.map"));
            assertThrows(TimeoutException.class, () -> turn.get(500, TimeUnit.MILLISECONDS));
        }
        assertTrue(turn.get(10, TimeUnit.SECONDS));
    }

    /** It may have gone when this began to wait. */
    @Test
    void anExportThatIsServedAgainIsTakenOver() throws Exception {
        CountDownLatch waits = new CountDownLatch(1);
        try (PageStore _ = serve(exports("a"))) {
            CompletableFuture<Boolean> turn = awaitTurn(exports("a", "b"), waits);
            assertTrue(waits.await(10, TimeUnit.SECONDS));
            serve(exports("b")).close();
            assertTrue(turn.get(10, TimeUnit.SECONDS));
        }
    }

    private static CompletableFuture<Boolean> awaitTurn(Config config, CountDownLatch waits) {
        return CompletableFuture.supplyAsync(() -> {
            try (Standby place = next(config)) {
                return place.awaitTurn(waits::countDown);
            } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
            }
        });
    }
}
