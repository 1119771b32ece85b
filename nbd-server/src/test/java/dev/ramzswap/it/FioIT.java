package dev.ramzswap.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** fio writes and trims, and verifies what it wrote, over a pool that holds a small part of it. */
class FioIT {
    private static final int BYTES = 48 << 20;
    private static final int TRIMMED_BYTES = 24 << 20;
    private static final int LIMIT = 4 << 20;
    private static final int PAGES = BYTES / 4096;

    @ParameterizedTest
    @CsvSource({"0, 1, unix", "0, 4, tcp", "50, 1, tcp", "50, 4, unix", "100, 1, unix", "100, 4, unix", "50, 8, unix"})
    void everyPageVerifiesAndIsCounted(int compressible, int jobs, String socket, @TempDir Path directory)
            throws Exception {
        try (DaemonProcess daemon = DaemonProcess.start(
                directory, "--size", "48M", "--limit", "4M", "--backing-file", directory.resolve("backing"))) {
            String uri = socket.equals("tcp") ? daemon.tcpUri("swap0") : daemon.uri();
            Tool.run(Fio.writeAndVerify(uri, BYTES, jobs, compressible));
            Map<String, Long> status = daemon.status("swap0");
            assertEquals(
                    PAGES, status.get("succ_stores") + status.get("failed_stores"), () -> "pages written: " + status);
            assertEquals(PAGES, status.get("loads"), () -> "pages read: " + status);
            assertEquals(BYTES, status.get("orig_data_size"), status::toString);
            assertTrue(status.get("mem_used_max") <= LIMIT, status::toString);
            assertEquals(0, status.get("io_errors"), status::toString);
            if (compressible == 100) {
                assertEquals(0, status.get("bd_count"), () -> "all fit into the pool: " + status);
            } else {
                assertTrue(status.get("bd_count") > PAGES * 3 / 4, () -> "most were spilled: " + status);
                assertTrue(status.get("bd_reads") > PAGES / 2, () -> "and read from there: " + status);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 8})
    void trimsAmongWrites(int jobs, @TempDir Path directory) throws Exception {
        try (DaemonProcess daemon = DaemonProcess.start(
                directory, "--size", "24M", "--limit", "4M", "--backing-file", directory.resolve("backing"))) {
            Tool.run(Fio.writeAndVerifyUnaligned(daemon.uri(), TRIMMED_BYTES, jobs));
            Tool.run(Fio.writeBesideTrims(daemon.uri(), TRIMMED_BYTES, jobs));
            Map<String, Long> status = daemon.status("swap0");
            assertEquals(TRIMMED_BYTES / 2, status.get("orig_data_size"), () -> "the trimmed half is gone: " + status);
            Tool.run("qemu-io", "-f", "raw", "-c", "read -P 0 12M 12M", daemon.uri());
            Tool.run(Fio.trimAndWrite(daemon.uri(), TRIMMED_BYTES, jobs));
            assertEquals(0, daemon.status("swap0").get("io_errors"));
        }
    }
}
