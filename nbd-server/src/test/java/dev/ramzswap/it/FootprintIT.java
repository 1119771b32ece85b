package dev.ramzswap.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.linux.LibCrypto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a daemon takes of the machine; see docs/figures.md. */
class FootprintIT {
    private static final int MEBIBYTE_IN_KILOBYTES = 1024;
    private static final Duration SETTLED = Duration.ofSeconds(10);

    @TempDir
    private Path directory;

    @Test
    void anEmptyDaemonIsSmall() throws Exception {
        try (DaemonProcess daemon = DaemonProcess.start(directory, "--size", "1G")) {
            int most = 64 * MEBIBYTE_IN_KILOBYTES;
            // What the compilers took at the start is given back every two seconds.
            long end = System.nanoTime() + SETTLED.toNanos();
            int resident = kilobytes(daemon, "VmRSS");
            while (resident >= most && System.nanoTime() < end) {
                Thread.sleep(100);
                resident = kilobytes(daemon, "VmRSS");
            }
            assertTrue(resident > 0 && resident < most, resident + " KiB are resident");
            assertTrue(maps(daemon).contains("/ramzswap.aot"), "runs without the AOT cache");
        }
    }

    @Test
    void aGuardedDaemonIsSmallToo() throws Exception {
        try (DaemonProcess daemon = DaemonProcess.start(directory, "--size", "1G", "--swap", "--unsafe")) {
            // Shared memory is the pool, populated ahead, and the map.
            int resident = kilobytes(daemon, "VmRSS") - kilobytes(daemon, "RssShmem");
            assertTrue(resident > 0 && resident < 100 * MEBIBYTE_IN_KILOBYTES, resident + " KiB are resident");
        }
    }

    /**
     * By core(5): of all kinds of memory, a dump takes none; and of the pool's mappings not even what a debugger asks.
     */
    @Test
    void aCoreDumpHoldsNoPage() throws Exception {
        for (Object[] mode : List.of(new Object[] {}, new Object[] {"--swap", "--unsafe"})) {
            Object[] options =
                    Stream.concat(Stream.of("--size", "1M"), Stream.of(mode)).toArray();
            try (DaemonProcess daemon = DaemonProcess.start(directory, options)) {
                assertEquals("00000000\n", Files.readString(proc(daemon, "coredump_filter")));
                String mapping = "";
                int pools = 0;
                for (String line : Files.readAllLines(proc(daemon, "smaps"))) {
                    if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
                        mapping = line;
                    } else if (line.startsWith("VmFlags:") && mapping.contains("ramzswap-")) {
                        assertTrue(line.contains(" dd"), mapping + ": " + line);
                        pools++;
                    }
                }
                assertTrue(pools > 0, "no pool is mapped");
            }
        }
    }

    /** Nor does one without TLS load any of its classes. */
    @Test
    void tlsIsLoadedOnlyIfItIsConfigured() throws Exception {
        Path log = directory.resolve("classes.log");
        try (DaemonProcess daemon =
                DaemonProcess.startWith("-Xlog:class+load:file=" + log, directory, "--size", "1M")) {
            Tool.run("nbdinfo", daemon.uri());
            String classes = Files.readString(log);
            assertTrue(classes.contains("dev.ramzswap.nbd.ClientChannel"), classes);
            assertFalse(classes.contains("sun.security.ssl.SSLContextImpl"), classes);
            assertFalse(classes.contains("dev.ramzswap.nbd.tls.TlsChannel"), classes);
        }
    }

    @Test
    void whoEncryptsNothingLoadsNoOpenSsl() throws Exception {
        Object[] options = {"--size", "1M", "--swap", "--unsafe", "--backing-file", directory.resolve("file")};
        Object[] inTheClear =
                Stream.concat(Stream.of(options), Stream.of("--no-encrypt")).toArray();
        try (DaemonProcess daemon = DaemonProcess.start(directory, inTheClear)) {
            assertFalse(maps(daemon).contains("/libcrypto.so"), maps(daemon));
        }
        try (DaemonProcess daemon = DaemonProcess.start(directory, options)) {
            assertEquals(LibCrypto.isAvailable(), maps(daemon).contains("/libcrypto.so"), maps(daemon));
        }
    }

    @Test
    void codecsAreNotUnpackedIntoTemporaryFiles() throws Exception {
        Path image = Images.make(directory.resolve("image"), Images.Kind.COMPRESSIBLE, 1 << 20, 1);
        try (DaemonProcess daemon =
                DaemonProcess.start(directory, "--export", "name=a,size=1M", "--export", "name=b,size=1M,codec=zstd")) {
            Tool.run("nbdcopy", image, daemon.uri("a"));
            Tool.run("nbdcopy", image, daemon.uri("b"));
            String maps = maps(daemon);
            assertTrue(maps.contains("/runtime/lib/liblz4-java.so"), maps);
            assertTrue(maps.contains("/runtime/lib/libzstd-jni"), maps);
            assertFalse(maps.contains(System.getProperty("java.io.tmpdir") + "/lib"), maps);
        }
    }

    private static int kilobytes(DaemonProcess daemon, String name) throws IOException {
        return Files.readAllLines(proc(daemon, "status")).stream()
                .filter(line -> line.startsWith(name + ":"))
                .mapToInt(line -> Integer.parseInt(line.replaceAll("\\D", "")))
                .sum();
    }

    private static String maps(DaemonProcess daemon) throws IOException {
        return Files.readString(proc(daemon, "maps"));
    }

    private static Path proc(DaemonProcess daemon, String file) {
        return Path.of("/proc", Long.toString(daemon.pid()), file);
    }
}
