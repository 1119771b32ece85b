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
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
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
        var settings = new Settings();
        settings.flag("size", size);
        return config(settings, "yes");
    }

    private Config exports(String standby, String... names) throws ConfigException {
        var settings = new Settings();
        for (String name : names) {
            settings.export("size=16M,name=" + name);
        }
        return config(settings, standby);
    }

    private Config config(Settings settings, String standby) throws ConfigException {
        Host host = new Host(8L << 30, 0, Map.of(RuntimePath.VARIABLE, directory.toString()));
        settings.flag("standby", standby);
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
        var turn = new FutureTask<>(() -> {
            try (Standby place = next(config)) {
                assertTrue(place.awaitTurn(waits::countDown));
                assertFalse(place.withdraw(), "nobody else serves");
                return null;
            }
        });
        try (PageStore _ = serve(config)) {
            Thread.ofPlatform().daemon().start(turn);
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

    /** A signal may still come for it, and another file have the number that its own had. */
    @Test
    void whoHasGivenUpLeavesTheNextOneItsPlace() throws Exception {
        Config config = config("16M");
        Standby first = next(config);
        first.close();
        try (Standby _ = next(config)) {
            assertTrue(first.withdraw());
            assertTrue(Standby.mayLeave(config));
        }
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

    @Test
    void isForOneExport() {
        assertEquals(
                "--standby: a daemon stands by for one export, and these are 2: give each of them a daemon of its own",
                assertThrows(ConfigException.class, () -> exports("yes", "a", "b"))
                        .getMessage());
    }

    @Test
    void whoServesSeveralLeavesWhenSomebodyStandsByForEach() throws Exception {
        Config both = exports("no", "a", "b");
        try (Standby a = next(exports("yes", "a"))) {
            assertFalse(Standby.mayLeave(both));
            try (Standby b = next(exports("yes", "b"))) {
                assertTrue(Standby.mayLeave(both));
                assertFalse(a.withdraw() || b.withdraw(), "it has looked");
                Standby.unmark(both);
                assertFalse(a.awaitTurn(() -> {}) || b.awaitTurn(() -> {}), "nobody is attached any more");
            }
        }
    }
}
