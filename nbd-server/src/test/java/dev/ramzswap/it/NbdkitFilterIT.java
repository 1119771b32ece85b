package dev.ramzswap.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** nbdkit between a client and the daemon, with filters that delay, fail, record and count what passes. */
class NbdkitFilterIT {
    private static final int BYTES = 4 << 20;

    @TempDir
    private Path directory;

    private DaemonProcess daemon;

    @BeforeEach
    void serve() throws Exception {
        daemon = DaemonProcess.start(
                directory, "--size", "4M", "--limit", "1M", "--backing-file", directory.resolve("backing"));
    }

    @AfterEach
    void stop() throws Exception {
        daemon.close();
    }

    /** Runs a client against nbdkit; its words {@code $uri} are nbdkit's address. */
    private Tool.Result through(List<String> filters, List<String> settings, Object... client) throws Exception {
        List<Object> words = new ArrayList<>(List.of("nbdkit", "-U", "-"));
        filters.forEach(filter -> words.add("--filter=" + filter));
        words.addAll(List.of("nbd", "uri=" + daemon.uri()));
        words.addAll(settings);
        words.add("--run");
        words.add(Arrays.stream(client).map(word -> "\"" + word + "\"").collect(Collectors.joining(" ")));
        return Tool.runToEnd(words.toArray());
    }

    private static Object[] verify() {
        return Fio.writeAndVerify("$uri", BYTES, 1, 50);
    }

    @Test
    void delay() throws Exception {
        through(List.of("delay"), List.of("rdelay=2ms", "wdelay=2ms"), verify()).expect(0);
        assertEquals(BYTES, daemon.status("swap0").get("orig_data_size"));
    }

    @Test
    void errorsThatAreTriedAgain() throws Exception {
        Tool.Result result = through(
                        List.of("retry-request", "error"),
                        List.of("error=EIO", "error-rate=1%", "retry-request-delay=1"),
                        verify())
                .expect(0);
        assertTrue(result.err().contains("injecting EIO error"), result::toString);
        assertEquals(BYTES, daemon.status("swap0").get("orig_data_size"));
    }

    @Test
    void anErrorInFrontChangesNothing() throws Exception {
        Tool.Result result = through(
                List.of("error"),
                List.of("error=ENOSPC", "error-pwrite-rate=100%"),
                "qemu-io",
                "-f",
                "raw",
                "-c",
                "write -P 1 0 64k",
                "-c",
                "read -P 0 0 64k",
                "$uri");
        assertTrue(result.out().contains("write failed: No space left on device"), result::toString);
        assertTrue(result.out().contains("read 65536/65536"), result::toString);
        assertEquals(0, daemon.status("swap0").get("orig_data_size"));
    }

    /** Requests arrive as they were sent, each is answered, and none by an error. */
    @Test
    void logAndStats() throws Exception {
        Path log = directory.resolve("log");
        Path stats = directory.resolve("stats");
        through(
                        List.of("log", "stats"),
                        List.of("logfile=" + log, "statsfile=" + stats),
                        "qemu-io",
                        "-f",
                        "raw",
                        "-d",
                        "unmap",
                        "-c",
                        "write -P 1 100 5000",
                        "-c",
                        "write -z 4k 8k",
                        "-c",
                        "discard 64k 64k",
                        "-c",
                        "read -P 0 4k 8k",
                        "-c",
                        "read -P 1 100 3996",
                        "$uri")
                .expect(0);
        String logged = Files.readString(log);
        for (String request : List.of(
                "Write id=\\d+ offset=0x64 count=0x1388 fua=\\d \\.\\.\\.",
                "Zero id=\\d+ offset=0x1000 count=0x2000 trim=0 fua=\\d fast=0 \\.\\.\\.",
                "Trim id=\\d+ offset=0x10000 count=0x10000 fua=0 \\.\\.\\.",
                "Read id=\\d+ offset=0x1000 count=0x2000 \\.\\.\\.",
                "Read id=\\d+ offset=0x64 count=0xf9c \\.\\.\\.",
                "Flush id=\\d+ \\.\\.\\.")) {
            assertTrue(Pattern.compile(request).matcher(logged).find(), () -> request + " is not in " + logged);
        }
        List<String> answers = logged.lines()
                .filter(line -> line.contains(" return=") && line.contains(" id="))
                .toList();
        assertEquals(
                List.of(),
                answers.stream().filter(line -> !line.endsWith("return=0")).toList());
        String counted = Files.readString(stats);
        for (String line : List.of("read: 2 ops", "write: 1 ops", "trim: 1 ops", "zero: 1 ops")) {
            assertTrue(counted.contains(line), counted);
        }
    }
}
