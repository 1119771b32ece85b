package dev.ramzswap.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.ramzswap.config.Config;
import dev.ramzswap.config.ConfigException;
import dev.ramzswap.config.Host;
import dev.ramzswap.config.RuntimePath;
import dev.ramzswap.config.Settings;
import dev.ramzswap.store.PageStore;
import dev.ramzswap.store.StoreStatus;
import dev.ramzswap.store.Workspace;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class StoresTest {
    private static final int EXPORTS = 32;

    @TempDir
    private Path run;

    private Host host;
    private boolean isUsed = true;
    private int connections;

    private final Attachments kernel = new Attachments() {
        @Override
        public List<Device> devices(String export, long identity) {
            return List.of();
        }

        @Override
        public int connections(Set<String> exports) {
            return connections;
        }
    };

    @BeforeEach
    void host() throws IOException {
        host = new Host(8L << 30, Host.current().uid(), Map.of(RuntimePath.VARIABLE, run.toString()));
    }

    /** Not even one without a limit or a backing file: whatever memory it takes may come from these pages alone. */
    @Test
    void aTakeoverUnderSwapTouchesNoNewExport() throws Exception {
        Stores after = afterTakeover(true);
        assertEquals(Set.of("old"), after.all().keySet());
        after.close(List.of());
        assertFalse(Files.exists(run.resolve("file")));
        assertEquals(Set.of(), parts("fresh"));
        assertEquals(Set.of(), parts("plain"));
    }

    /** Its state stays whenever it ends, so that there is no other start that could open it. */
    @Test
    void withoutSwapANewExportTakesTheTimeThatItTakes() throws Exception {
        Stores after = afterTakeover(false);
        assertEquals(Set.of("old", "fresh", "plain"), after.all().keySet());
        after.close(List.of());
    }

    /** As it was its first start, and nobody has swapped there. */
    @Test
    void whatADaemonLeftThatWasKilledAsItBeganKeepsNoOtherExportOut() throws Exception {
        isUsed = false;
        Stores after = afterTakeover(true);
        assertEquals(Set.of("old", "fresh", "plain"), after.all().keySet());
        after.close(List.of());
    }

    /** A write may be on its way to it. */
    @Test
    void anEmptyDeviceOfTheKernelsIsWaitedFor() throws Exception {
        isUsed = false;
        connections = 1;
        Stores after = afterTakeover(true);
        assertEquals(Set.of("old"), after.all().keySet());
        after.close(List.of());
    }

    /**
     * Its daemon has ended in order while its lock was waited for: what was there is not made anew before the others.
     */
    @Test
    void whatGoesMeanwhileIsNotMade() throws Exception {
        Config config = config(true, "name=ends,size=1M", "name=old,size=1M");
        var before = new Stores(config, host, kernel, () -> false);
        before.open(_ -> {});
        store(before.all().get("old"));
        before.all().get("old").close();
        var after = new Stores(config, host, kernel, () -> false);
        var opened = new FutureTask<>(() -> {
            after.open(_ -> {});
            return after.all().keySet();
        });
        Thread waiting = Thread.ofPlatform().daemon().start(opened);
        while (waiting.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        before.all().get("ends").discard();
        assertEquals(Set.of("old"), opened.get());
        assertEquals(Set.of(), parts("ends"));
        after.close(List.of());
    }

    private Stores afterTakeover(boolean isSwap) throws Exception {
        Config config = config(
                isSwap,
                "name=fresh,size=16M,limit=4M,backing-file=" + run.resolve("file"),
                "name=plain,size=1M",
                "name=old,size=1M");
        var before = new Stores(config.only(Set.of("old")), host, kernel, () -> false);
        before.open(_ -> {});
        if (isUsed) {
            store(before.all().get("old"));
        }
        before.close(List.of());
        var after = new Stores(config, host, kernel, () -> false);
        after.open(_ -> {});
        return after;
    }

    private Config config(boolean isSwap, String... exports) throws ConfigException {
        var settings = new Settings();
        settings.flag("state-dir", run.resolve("state").toString());
        settings.flag("swap", isSwap ? "yes" : "no");
        for (String export : exports) {
            settings.export(export);
        }
        return Config.of(settings, host);
    }

    private static void store(PageStore store) {
        try (Workspace work = store.workspace()) {
            assertEquals(StoreStatus.OK, store.store(0, ByteBuffer.allocateDirect(PageStore.SLOT_BYTES), 0, work));
        }
    }

    private Set<String> parts(String export) throws IOException {
        try (Stream<Path> files = Files.list(run.resolve("state"))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith(export))
                    .collect(Collectors.toSet());
        }
    }

    /** As the watch for a full machine does, without a pause, so that it comes upon many of them. */
    @Test
    void theyAreLookedAtWhileTheyAreOpened() throws Exception {
        var settings = new Settings();
        for (int export = 0; export < EXPORTS; export++) {
            settings.export("name=a" + export + ",size=1M");
        }
        var stores = new Stores(Config.of(settings, host), host, kernel, () -> false);
        var looks = new FutureTask<>(() -> {
            long refused = 0;
            while (stores.all().size() < EXPORTS) {
                refused += stores.refusedStores();
            }
            return refused;
        });
        Thread.ofPlatform().daemon().start(looks);
        stores.open(_ -> {});
        try {
            assertEquals(0, looks.get());
        } finally {
            stores.close(List.of());
        }
    }
}
