package dev.ramzswap.status;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.config.Changes;
import dev.ramzswap.control.ControlSocket;
import dev.ramzswap.linux.ProcessId;
import dev.ramzswap.store.CodecSpec;
import dev.ramzswap.store.Counters;
import dev.ramzswap.store.Counters.Counter;
import dev.ramzswap.store.PageStore;
import dev.ramzswap.store.StoreConfig;
import dev.ramzswap.store.StoreStatus;
import dev.ramzswap.store.Workspace;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LiveExportTest {
    private static final int SLOTS = 8192;

    @TempDir
    private Path temp;

    private final StringWriter out = new StringWriter();

    private PageStore filledStore() throws IOException {
        PageStore store = PageStore.open(
                config(Optional.of(new StoreConfig.Backing(temp.resolve("file"), StoreConfig.WORST_CASE, true))));
        fill(store);
        return store;
    }

    private static StoreConfig config(Optional<StoreConfig.Backing> backing) {
        return new StoreConfig(
                "swap0",
                SLOTS,
                64L << 20,
                CodecSpec.LZ4,
                StoreConfig.DEFAULT_CUTOFF,
                backing,
                false,
                0,
                Optional.empty());
    }

    private static void fill(PageStore store) throws IOException {
        byte[] bytes = new byte[PageStore.SLOT_BYTES];
        ByteBuffer page = ByteBuffer.allocateDirect(bytes.length);
        Random random = new Random(1);
        try (Workspace work = store.workspace()) {
            for (int slot = 0; slot < SLOTS; slot++) {
                random.nextBytes(bytes);
                assertEquals(StoreStatus.OK, store.store(slot, page.put(0, bytes), 0, work));
            }
        }
    }

    private ExportEntry entry(PageStore store, long start) {
        long pid = ProcessHandle.current().pid();
        String counters = store.counters().path().toString();
        return new ExportEntry("swap0", pid, start, temp.resolve("c"), counters, "", "", "", ExportEntry.SERVING);
    }

    private void set(ExportEntry entry, String... pairs) throws Exception {
        var status = new ExportStatus(entry, Optional.of(Counters.read(Path.of(entry.counters()))));
        new LiveExport(status, new PrintWriter(out), true).set(Changes.parse(List.of(pairs), 0));
    }

    /** A daemon that is slow to change the limit: it waits until progress was shown. */
    private String setLimitLater(PageStore store) {
        Thread.ofPlatform().daemon().start(() -> {
            while (!out.toString().contains(" in use, going down to 4M")) {
                Thread.onSpinWait();
            }
            store.setLimit(4 << 20);
        });
        return "ok";
    }

    @Test
    void showsProgressAndReturnsWhenALoweredLimitFits() throws Exception {
        try (PageStore store = filledStore();
                ControlSocket _ = new ControlSocket(temp.resolve("c"), request -> setLimitLater(store))) {
            long start = ProcessId.startOf(ProcessHandle.current().pid());
            assertTrue(store.counters().get(Counter.MEM_USED_TOTAL) > 4L << 20);
            set(entry(store, start), "limit=4M");
            assertTrue(store.counters().get(Counter.MEM_USED_TOTAL) <= 4L << 20);
            assertTrue(out.toString().endsWith("\r\033[Kswap0: limit is 4M\n"), out.toString());
        }
    }

    @Test
    void saysWhyThePoolStaysAsLargeAsItIs() throws Exception {
        try (PageStore store = PageStore.open(config(Optional.empty()));
                ControlSocket _ = new ControlSocket(temp.resolve("c"), request -> "ok")) {
            fill(store);
            String message = failureToSet(store, "limit=4M");
            assertTrue(message.startsWith("the limit is set, but the pool stays at "), message);
            assertTrue(message.contains("there is no backing file, or it is full or failing"), message);
            String ofMap = failureToSet(store, "limit=32K");
            assertTrue(ofMap.endsWith(": the map of its slots alone takes 64K; give a higher limit"), ofMap);
        }
    }

    private String failureToSet(PageStore store, String pair) throws IOException {
        ExportEntry entry =
                entry(store, ProcessId.startOf(ProcessHandle.current().pid()));
        var status = new ExportStatus(entry, Optional.of(Counters.read(Path.of(entry.counters()))));
        var export = new LiveExport(status, new PrintWriter(out), true, Duration.ofMillis(1));
        return assertThrows(IOException.class, () -> export.set(Changes.parse(List.of(pair), 0)))
                .getMessage();
    }

    @Test
    void saysSoWhenTheDaemonHasEnded() throws Exception {
        try (PageStore store = filledStore();
                ControlSocket _ = new ControlSocket(temp.resolve("c"), request -> "ok")) {
            var e = assertThrows(IOException.class, () -> set(entry(store, 1), "limit=4M"));
            assertTrue(e.getMessage().endsWith(" has ended"), e.getMessage());
        }
    }

    /** A client of another user's; root's terminal is told who keeps the daemon. */
    @Test
    void whatAClientCallsItselfIsNoCommandToTheTerminal() throws Exception {
        String rename = "import time; open('/proc/self/comm','wb').write(b'\\x1b[2Jok\\nroot#');"
                + " print('renamed', flush=True); time.sleep(60)";
        Process client = new ProcessBuilder("python3", "-c", rename).start();
        Path control = temp.resolve("control");
        try (var said = client.inputReader();
                ControlSocket _ = new ControlSocket(
                        control, request -> request.equals("stop") ? "draining" : Long.toString(client.pid()))) {
            assertEquals("renamed", said.readLine());
            long pid = ProcessHandle.current().pid();
            var entry = new ExportEntry("swap0", pid, ProcessId.startOf(pid), control, "", "", "", "", "serving");
            var export = new LiveExport(
                    new ExportStatus(entry, Optional.empty()), new PrintWriter(out), false, Duration.ofMillis(1));
            var e = assertThrows(IOException.class, export::stopAndWait);
            assertTrue(e.getMessage().endsWith(", for ?[2Jok?root# (pid " + client.pid() + ")"), e.getMessage());
        } finally {
            client.destroyForcibly().waitFor();
        }
        assertTrue(out.toString().contains("waits for ?[2Jok?root# (pid"), out.toString());
    }
}
