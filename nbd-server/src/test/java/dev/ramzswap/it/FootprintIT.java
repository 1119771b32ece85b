package dev.ramzswap.it;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a daemon takes of the machine; see docs/figures.md. */
class FootprintIT {
    private static final int MEBIBYTE_IN_KILOBYTES = 1024;

    @TempDir
    private Path directory;

    @Test
    void anEmptyDaemonIsSmall() throws Exception {
        try (DaemonProcess daemon = DaemonProcess.start(directory, "--size", "1G")) {
            Path proc = Path.of("/proc", Long.toString(daemon.pid()));
            int resident = Files.readAllLines(proc.resolve("status")).stream()
                    .filter(line -> line.startsWith("VmRSS:"))
                    .mapToInt(line -> Integer.parseInt(line.replaceAll("\\D", "")))
                    .sum();
            assertTrue(resident > 0 && resident < 64 * MEBIBYTE_IN_KILOBYTES, resident + " KiB are resident");
            assertTrue(Files.readString(proc.resolve("maps")).contains("/ramzswap.aot"), "runs without the AOT cache");
        }
    }

    @Test
    void codecsAreNotUnpackedIntoTemporaryFiles() throws Exception {
        Path image = Images.make(directory.resolve("image"), Images.Kind.COMPRESSIBLE, 1 << 20, 1);
        try (DaemonProcess daemon =
                DaemonProcess.start(directory, "--export", "name=a,size=1M", "--export", "name=b,size=1M,codec=zstd")) {
            Tool.run("nbdcopy", image, daemon.uri("a"));
            Tool.run("nbdcopy", image, daemon.uri("b"));
            String maps = Files.readString(Path.of("/proc", Long.toString(daemon.pid()), "maps"));
            assertTrue(maps.contains("/runtime/lib/liblz4-java.so"), maps);
            assertTrue(maps.contains("/runtime/lib/libzstd-jni"), maps);
            assertFalse(maps.contains(System.getProperty("java.io.tmpdir") + "/lib"), maps);
        }
    }
}
