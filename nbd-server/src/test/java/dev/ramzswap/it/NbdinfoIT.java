package dev.ramzswap.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What nbdinfo sees: the exports, what they can do, and which parts of them hold data. */
class NbdinfoIT {
    private static DaemonProcess daemon;

    @BeforeAll
    static void serve(@TempDir Path directory) throws Exception {
        daemon = DaemonProcess.start(
                directory, "--export", "name=one,size=16M", "--export", "name=two,size=32M,read-only=yes");
    }

    @AfterAll
    static void stop() throws Exception {
        daemon.close();
    }

    private static void assertContains(Tool.Result result, List<String> parts) {
        for (String part : parts) {
            assertTrue(result.out().contains(part), () -> "'" + part + "' is not in " + result);
        }
    }

    @Test
    void showsWhatAnExportIsAndCan() throws Exception {
        for (String uri : List.of(daemon.uri("one"), daemon.tcpUri("one"))) {
            assertContains(
                    Tool.run("nbdinfo", uri),
                    List.of(
                            "newstyle-fixed without TLS, using structured packets",
                            "export-size: 16777216 (16M)",
                            "base:allocation",
                            "is_rotational: false",
                            "is_read_only: false",
                            "can_cache: true",
                            "can_df: true",
                            "can_fast_zero: true",
                            "can_flush: true",
                            "can_fua: true",
                            "can_multi_conn: true",
                            "can_trim: true",
                            "can_zero: true",
                            "block_size_minimum: 1",
                            "block_size_preferred: 4096",
                            "block_size_maximum: 33554432"));
        }
    }

    @Test
    void showsAReadOnlyExport() throws Exception {
        assertContains(
                Tool.run("nbdinfo", daemon.uri("two")), List.of("export-size: 33554432 (32M)", "is_read_only: true"));
    }

    @Test
    void speaksJson() throws Exception {
        assertContains(
                Tool.run("nbdinfo", "--json", daemon.uri("one")),
                List.of("\"structured\": true", "\"export-size\": 16777216", "\"can_multi_conn\": true"));
    }

    @Test
    void theFirstExportIsTheDefault() throws Exception {
        assertContains(Tool.run("nbdinfo", daemon.uri("")), List.of("export-size: 16777216"));
        assertEquals(
                "16777216", Tool.run("nbdinfo", "--size", daemon.uri("")).out().strip());
    }

    @Test
    void anUnknownNameIsRefusedAndSaysSo() throws Exception {
        Tool.Result result = Tool.runToEnd("nbdinfo", daemon.uri("three"));
        assertNotEquals(0, result.exit(), result::toString);
        assertTrue(result.err().contains("three"), result::toString);
    }

    @Test
    void listsAllExports() throws Exception {
        Tool.Result result = Tool.run("nbdinfo", "--list", daemon.uri());
        assertTrue(
                Pattern.compile(
                                "export=\"one\":.*export-size: 16777216.*export=\"two\":.*export-size: 33554432",
                                Pattern.DOTALL)
                        .matcher(result.out())
                        .find(),
                result::toString);
        assertContains(
                Tool.run("nbdinfo", "--list", "--json", daemon.tcpUri("")),
                List.of("\"export-name\": \"one\"", "\"export-name\": \"two\""));
    }

    @Test
    void mapsDataZeroesAndHoles(@TempDir Path directory) throws Exception {
        try (DaemonProcess own = DaemonProcess.start(directory, "--size", "1M")) {
            assertEquals("0 1048576 3 hole,zero", map(own));
            Tool.run(
                    "qemu-io",
                    "-f",
                    "raw",
                    "-d",
                    "unmap",
                    "-c",
                    "write -P 7 8k 16k",
                    "-c",
                    "write -P 8 64k 100",
                    "-c",
                    "write -P 9 128k 8k",
                    "-c",
                    "discard 128k 4k",
                    own.uri());
            assertEquals(
                    "0 8192 3 hole,zero / 8192 16384 0 data / 24576 40960 3 hole,zero / 65536 4096 0 data / "
                            + "69632 65536 3 hole,zero / 135168 4096 0 data / 139264 909312 3 hole,zero",
                    map(own));
        }
    }

    private static String map(DaemonProcess of) throws Exception {
        String out = Tool.run("nbdinfo", "--map", of.uri()).out();
        return String.join(
                " / ", out.lines().map(l -> l.strip().replaceAll(" +", " ")).toList());
    }
}
