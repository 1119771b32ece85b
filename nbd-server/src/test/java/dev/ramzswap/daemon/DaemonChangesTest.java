package dev.ramzswap.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.config.Changes;
import dev.ramzswap.config.Config;
import dev.ramzswap.config.ConfigException;
import dev.ramzswap.config.ConfigFile;
import dev.ramzswap.config.Host;
import dev.ramzswap.config.RuntimePath;
import dev.ramzswap.control.ControlSocket;
import dev.ramzswap.status.ExportStatus;
import dev.ramzswap.status.LiveExport;
import dev.ramzswap.store.Counters.Counter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What changes while a daemon runs: by its control socket, or by a file that is read anew. */
class DaemonChangesTest extends DaemonFixture {
    @Test
    void changesWhileItRuns() throws Exception {
        try (Daemon _ = start("export=name=a,size=16M,limit=64M", "export=name=b,size=16M")) {
            ExportStatus a = ExportStatus.named(host, "a").getFirst();
            var out = new StringWriter();
            new LiveExport(a, new PrintWriter(out), false).set(Changes.parse(List.of("limit=32M", "codec=zstd:3"), 0));
            assertEquals("a: limit is 32M, codec is zstd:3\n", out.toString());
            ExportStatus changed = a.again();
            assertEquals("zstd:3", changed.snapshot().codec());
            assertEquals(32L << 20, changed.value(Counter.MEM_LIMIT));
            assertEquals(
                    "lz4", ExportStatus.named(host, "b").getFirst().snapshot().codec());
        }
    }

    /** As the configuration's are. */
    @Test
    void allLimitsThatAreSetFitIntoTheMemory() throws Exception {
        try (Daemon _ = start("export=name=a,size=16M,limit=6G", "export=name=b,size=16M,limit=2G")) {
            Path control = ExportStatus.all(host).getFirst().entry().control();
            assertEquals(
                    "error limit: with the other exports' limits, 9G are more than the 8G of memory that this machine has:"
                            + " give less",
                    ControlSocket.request(control, "set b limit=3G"));
            assertEquals("ok", ControlSocket.request(control, "set a limit=4G"));
            assertEquals("ok", ControlSocket.request(control, "set b limit=4G"));
        }
    }

    @Test
    void aLimitIsTakenAway() throws Exception {
        try (Daemon _ = start("size=16M", "limit=32M")) {
            ExportStatus export = ExportStatus.named(host, "swap0").getFirst();
            new LiveExport(export, new PrintWriter(new StringWriter()), false)
                    .set(Changes.parse(List.of("limit=none"), 0));
            assertEquals(0, export.again().value(Counter.MEM_LIMIT), "is none");
        }
    }

    @Test
    void refusesChangesThatCannotBe() throws Exception {
        try (Daemon _ = start("size=16M")) {
            Path control = ExportStatus.all(host).getFirst().entry().control();
            assertEquals("ok", ControlSocket.request(control, "ping"));
            Map.of(
                            "set swap0 limit=9G",
                            "error limit: 9G is more than the 8G of memory that this machine has: give less",
                            "set other limit=1G",
                            "error no export 'other' here",
                            "set swap0 codec=xz",
                            "error codec: 'xz' is not a codec: use lz4, zstd or zstd:LEVEL with LEVEL from 1 to 19",
                            "set swap0",
                            "error not a request: ping, set NAME key=value ..., watch-freed NAME BITS, visitors, visitors NAME, stop and stop force are",
                            "halt",
                            "error not a request: ping, set NAME key=value ..., watch-freed NAME BITS, visitors, visitors NAME, stop and stop force are")
                    .forEach((request, reply) -> {
                        try {
                            assertEquals(reply, ControlSocket.request(control, request));
                        } catch (IOException e) {
                            throw new AssertionError(request, e);
                        }
                    });
            String tooLow = ControlSocket.request(control, "set swap0 limit=4K codec=zstd:3");
            assertTrue(tooLow.startsWith("error pages that do not compress would not fit: "), tooLow);
            assertTrue(
                    tooLow.endsWith(": give a higher limit, or swap off and begin with --backing-file or --overcommit"),
                    tooLow);
            assertEquals("lz4", ExportStatus.all(host).getFirst().snapshot().codec(), "all or nothing");
        }
    }

    @Test
    void aFileWithAnErrorInOneExportChangesNone() throws Exception {
        Host own = new Host(
                8L << 30,
                Host.current().uid(),
                Map.of(RuntimePath.VARIABLE, temp.resolve("run").toString()));
        Path file = Files.writeString(
                temp.resolve("c"), "[export a]\nsize=16M\nlimit=64M\n[export b]\nsize=16M\nlimit=64M\n");
        try (Daemon daemon = Daemon.start(Config.of(ConfigFile.read(file), own), own, Attachments.NONE, _ -> {})) {
            Files.writeString(file, "[export a]\nsize=16M\nlimit=32M\ncodec=zstd:3\n[export b]\nsize=16M\nlimit=4M\n");
            Config fresh = Config.of(ConfigFile.read(file), own);
            assertThrows(IllegalArgumentException.class, () -> daemon.reload(fresh));
            ExportStatus a = ExportStatus.named(own, "a").getFirst();
            assertEquals("lz4", a.snapshot().codec().toString());
            assertEquals(64L << 20, a.value(Counter.MEM_LIMIT));
        }
    }

    /** The memory that it has is not looked at again. */
    @Test
    void aFileRaisesNoLimitAboveTheMemoryThoughThereArePages() throws Exception {
        String[] pairs = {"size=16M", "overcommit=yes", "state-dir=" + temp.resolve("state"), "unsafe=yes"};
        try (Daemon daemon = start(with(pairs, "limit=4M"))) {
            Config fresh = config(with(pairs, "limit=9G"));
            String refusal = assertThrows(ConfigException.class, () -> daemon.reload(fresh))
                    .getMessage();
            assertEquals("--limit: 9G is more than the 8G of memory that this machine has: give less", refusal);
            daemon.reload(config(with(pairs, "limit=8G")));
            assertEquals(8L << 30, ExportStatus.named(host, "swap0").getFirst().value(Counter.MEM_LIMIT));
        }
    }

    /** Nor do two together. */
    @Test
    void aFileRaisesNoLimitsAboveTheMemoryInAll() throws Exception {
        String state = "state-dir=" + temp.resolve("state");
        String export = "export=name=%s,size=16M,overcommit=yes,limit=%s";
        String[] small = {state, "unsafe=yes", export.formatted("a", "4M"), export.formatted("b", "4M")};
        try (Daemon daemon = start(small)) {
            Config fresh = config(state, "unsafe=yes", export.formatted("a", "5G"), export.formatted("b", "5G"));
            String refusal = assertThrows(ConfigException.class, () -> daemon.reload(fresh))
                    .getMessage();
            assertEquals(
                    "--export: the limits add up to 10G, more than the 8G of memory that this machine has: give less",
                    refusal);
        }
    }

    /** An export that the file has no more is served all the same. */
    @Test
    void aFileRaisesNoLimitAboveTheMemoryThatOthersLeave() throws Exception {
        String state = "state-dir=" + temp.resolve("state");
        String b = "export=name=b,size=16M,overcommit=yes,limit=";
        try (Daemon daemon = start(state, "unsafe=yes", "export=name=a,size=16M,limit=4G", b + "4M")) {
            Config fresh = config(state, "unsafe=yes", b + "6G");
            String refusal = assertThrows(ConfigException.class, () -> daemon.reload(fresh))
                    .getMessage();
            assertEquals(
                    "--export: the limits add up to 10G, more than the 8G of memory that this machine has: give less",
                    refusal);
            daemon.reload(config(state, "unsafe=yes", b + "4G"));
            assertEquals(4L << 30, ExportStatus.named(host, "b").getFirst().value(Counter.MEM_LIMIT));
        }
    }

    /** What was set after the file had said otherwise is what holds. */
    @Test
    void aFileThatIsReadLateCountsLimitsThatStay() throws Exception {
        String state = "state-dir=" + temp.resolve("state");
        String export = "export=name=%s,size=16M,overcommit=yes,limit=%s";
        String a = export.formatted("a", "4G");
        try (Daemon daemon = start(state, "unsafe=yes", a, export.formatted("b", "4M"))) {
            Path control = ExportStatus.all(host).getFirst().entry().control();
            Config fresh = config(state, "unsafe=yes", a, export.formatted("b", "3G"));
            assertEquals("ok", ControlSocket.request(control, "set a limit=6G"));
            assertThrows(ConfigException.class, () -> daemon.catchUp(fresh));
            assertEquals("ok", ControlSocket.request(control, "set a limit=4M"));
            Config more = config(state, "unsafe=yes", a, export.formatted("b", "7G"));
            daemon.catchUp(more);
            assertEquals(7L << 30, ExportStatus.named(host, "b").getFirst().value(Counter.MEM_LIMIT));
        }
    }
}
