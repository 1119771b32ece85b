package dev.ramzswap.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a person who types meets: help, status, and one clear line for every mistake. */
class CommandLineIT {
    private static final List<String> COUNTERS = List.of(
            "loads",
            "succ_stores",
            "failed_stores",
            "invalidates",
            "freed_slots",
            "orig_data_size",
            "compr_data_size",
            "mem_used_total",
            "mem_limit",
            "mem_used_max",
            "same_pages",
            "huge_pages",
            "bd_count",
            "bd_reads",
            "bd_writes");

    @TempDir
    private Path directory;

    /** Words are separated by spaces; DIR is the test's directory. */
    private Tool.Result type(String words) throws Exception {
        Object[] arguments = words.replace("DIR", directory.toString()).split(" ");
        return new Launcher(directory).runToEnd(arguments);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            2 | --sise                     | serve --sise 1G
            2 | --size                     | serve
            2 | --size                     | serve --size banana
            2 | --size                     | serve --size 0
            2 | --size                     | serve --size 5000
            2 | --codec                    | serve --size 1M --codec gzip
            2 | --codec                    | serve --size 1M --codec zstd:20
            2 | --limit                    | serve --size 64M --limit 90000G --backing-file DIR/f
            2 | overcommit                 | serve --size 64M --limit 4M --socket DIR/s
            2 | --listen                   | serve --size 1M --listen nowhere
            2 | --insecure                 | serve --size 1M --listen 0.0.0.0:10809
            2 | a swap device is local     | serve --size 1M --swap --tls-cert DIR/c --tls-key DIR/k
            2 | --tls-cert                 | serve --size 1M --tls-cert DIR/missing --tls-key DIR/missing
            2 | --allow-users              | serve --size 1M --allow-users nobody-at-all
            2 | --export                   | serve --export name=a
            2 | --log-level                | serve --size 1M --log-level loud
            1 | --config                   | serve --config DIR/missing
            2 | --socket                   | serve --size 1M --socket /dev/null/s
            2 | make it, or give another   | serve --size 64M --limit 4M --socket DIR/s --backing-file DIR/no/such/dir/f
            2 | --backing-file             | serve --size 64M --limit 4M --socket DIR/s --backing-file /dev/full
            2 | neither a plain file       | serve --size 64M --limit 4M --socket DIR/s --backing-file DIR/..
            2 | not a socket               | serve --size 1M --socket DIR/..
            2 | the root directory         | serve --size 64M --limit 4M --socket DIR/s --backing-file /
            2 | the root directory         | serve --size 1M --socket /
            2 | the root directory         | swapon a --size 64M --backing-file /
            1 | ramzswap serve             | status
            1 | swap9                      | status swap9
            1 | swap9                      | status --name swap9
            1 | swap9                      | set swap9 limit=1M
            2 | limit                      | set swap0 limit=banana
            2 | colour                     | set swap0 colour=red
            2 | cannot change              | set swap0 size=1G
            2 | --size                     | serve --size min(ram,4096)
            2 | --state-dir                | serve --size 1M --state-dir /proc/y
            2 | its directory does not exist | serve --size 1M --socket /proc/x
            2 | frobnicate                 | frobnicate
            """)
    void aMistakeIsOneLineThatNamesItAndItsCure(int status, String names, String words) throws Exception {
        Tool.Result result = type(words).expect(status);
        assertEquals(1, result.err().lines().count(), result::toString);
        assertTrue(result.err().contains(names), result::toString);
        assertEquals("", result.out());
        assertTrue(Files.notExists(directory.resolve("s")), "a socket is left behind");
    }

    @Test
    void aDiskWithoutRoomIsNotFilledUp() throws Exception {
        long free = directory.toFile().getUsableSpace();
        String more = Long.toString((free + (1L << 30)) / 4096 * 4096);
        Tool.Result result = type("serve --size 64M --limit 4M --socket DIR/s --backing-file DIR/f --backing-size "
                        + more)
                .expect(1);
        assertEquals(1, result.err().lines().count(), result::toString);
        assertTrue(result.err().contains("--backing-file"), result::toString);
        assertTrue(Files.notExists(directory.resolve("f")), "the file is left behind");
    }

    /** What a retry cannot mend has the status with which systemd does not try again. */
    @Test
    void whatIsSomebodysIsNotTakenForABackingFile() throws Exception {
        Path letter = Files.writeString(directory.resolve("letter"), "Dear Sir");
        Tool.Result result = type("serve --size 64M --limit 4M --socket DIR/s --backing-file DIR/letter")
                .expect(2);
        assertEquals(1, result.err().lines().count(), result::toString);
        assertTrue(result.err().contains("--backing-file of export swap0: " + letter + " holds "), result::toString);
        assertEquals("Dear Sir", Files.readString(letter));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "serve ", "status ", "set "})
    void everyCommandHelpsAndTellsItsVersion(String command) throws Exception {
        Tool.Result help = type(command + "--help").expect(0);
        assertTrue(help.out().startsWith("Usage: ramzswap"), help::toString);
        Tool.Result version = type(command + "--version").expect(0);
        assertTrue(version.out().matches("ramzswap \\d+\\.\\d+\\.\\d+.*\\s*"), version::toString);
    }

    @Test
    void saysWhatItServesAndWhatToTypeNext() throws Exception {
        try (DaemonProcess daemon = DaemonProcess.start(directory, "--size", "8M", "--codec", "zstd:3")) {
            String said = daemon.output();
            for (String part : List.of(daemon.socket().toString(), "nbdinfo", "ramzswap swapon", "ramzswap status")) {
                assertTrue(said.contains(part), () -> part + " is not in " + said);
            }
        }
    }

    @Test
    void statusIsATableForPeopleAndJsonForPrograms() throws Exception {
        try (DaemonProcess daemon = DaemonProcess.start(
                directory, "--export", "name=a,size=8M", "--export", "name=b,size=16M,codec=zstd:2")) {
            Tool.Result table = type("status").expect(0);
            List<String> lines = table.out().lines().toList();
            assertEquals(3, lines.size(), table::toString);
            assertTrue(lines.get(0).startsWith("NAME") && lines.get(1).startsWith("a "), table::toString);
            assertTrue(lines.get(2).matches("b +zstd:2 +16M .*"), table::toString);
            assertEquals(2, type("status --name b").expect(0).out().lines().count());
            Tool.Result json = type("status --json --socket " + daemon.socket()).expect(0);
            for (String counter : COUNTERS) {
                assertEquals(2, json.out().split("\"" + counter + "\": \\d").length - 1, () -> counter + " in " + json);
            }
        }
    }

    @Test
    void servesWhatAConfigurationFileSays() throws Exception {
        Path config = Files.writeString(
                directory.resolve("conf"), "[export one]\nsize=8M\n\n[export two]\nsize=4M\ncodec=zstd:5\n");
        try (DaemonProcess daemon = DaemonProcess.start(directory, "--config", config)) {
            assertEquals(
                    "8388608", Tool.run("nbdinfo", "--size", daemon.uri()).out().strip());
            assertEquals(
                    "4194304",
                    Tool.run("nbdinfo", "--size", daemon.uri("two")).out().strip());
        }
    }

    /** What {@code systemctl reload} does. Flags go before the file then as well. */
    @Test
    void hangUpReadsLimitAndCodecAgain() throws Exception {
        Path config =
                Files.writeString(directory.resolve("conf"), "size = 8M\nlimit = 4M # for now\novercommit = yes\n");
        try (DaemonProcess daemon = DaemonProcess.start(directory, "--config", config)) {
            Files.writeString(config, "size = 8M\nlimit = 6M\ncodec = zstd:3\novercommit = yes\n");
            hangUp(daemon, "export swap0: limit is 6M, codec is zstd:3");
            assertEquals(6L << 20, daemon.status("swap0").get("mem_limit"));
            Files.writeString(config, "size = 8M\nlimit = lots\n");
            hangUp(daemon, "SIGHUP: " + config + ":2 limit: 'lots' is not a size");
            Files.writeString(config, "size = 8M\n");
            hangUp(daemon, "export swap0: no limit, codec is lz4");
            assertEquals(0, daemon.status("swap0").get("mem_limit"));
        }
    }

    private static void hangUp(DaemonProcess daemon, String until) throws Exception {
        Tool.run("kill", "-HUP", daemon.pid());
        daemon.awaitOutput(until);
    }

    @Test
    void theLogSaysAsMuchAsIsAskedFor() throws Exception {
        String set = "set swap0 codec=zstd:3";
        try (DaemonProcess daemon = DaemonProcess.start(directory, "--size", "1M")) {
            type(set).expect(0);
            daemon.awaitOutput("ramzswap: export swap0: codec is zstd:3\n");
        }
        try (DaemonProcess daemon = DaemonProcess.start(directory, "--size", "1M", "--log-level", "warning")) {
            type(set).expect(0);
            daemon.stop();
            assertFalse(daemon.output().contains("codec is"), daemon.output());
        }
        try (DaemonProcess daemon = DaemonProcess.start(directory, "--size", "1M")) {
            Tool.run("nbdinfo", daemon.uri());
            daemon.stop();
            assertFalse(daemon.output().contains("a client"), daemon.output());
        }
        try (DaemonProcess daemon = DaemonProcess.start(directory, "--size", "1M", "--log-level", "debug")) {
            try (Tool client = Tool.start(Map.of(), "nbdinfo", daemon.uri())) {
                client.await().expect(0);
                daemon.awaitOutput("export swap0: a client of process " + client.pid() + ", uid ");
                daemon.awaitOutput(", has left\n");
            }
        }
    }
}
