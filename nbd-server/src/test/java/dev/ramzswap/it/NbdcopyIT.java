package dev.ramzswap.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whole images, in and out again over 8 connections, through a pool that is too small for them. */
class NbdcopyIT {
    private static final int BYTES = 48 << 20;

    @ParameterizedTest
    @EnumSource(Images.Kind.class)
    void anImageComesBackAsItWas(Images.Kind kind, @TempDir Path directory) throws Exception {
        Path image = Images.make(directory.resolve("in"), kind, BYTES, kind.ordinal());
        Path copy = directory.resolve("out");
        try (DaemonProcess daemon = DaemonProcess.start(
                directory, "--size", "48M", "--limit", "8M", "--backing-file", directory.resolve("backing"))) {
            Tool.run("nbdcopy", "--connections=8", "--flush", image, daemon.uri());
            Tool.run("nbdcopy", "--connections=8", daemon.uri(), copy);
            assertEquals(-1, Files.mismatch(image, copy), "the first byte that differs");
            Tool.run("nbdcopy", "--connections=8", "--synchronous", daemon.tcpUri(""), copy);
            assertEquals(-1, Files.mismatch(image, copy), "the first byte that differs, by TCP");
            var status = daemon.status("swap0");
            assertTrue(status.get("mem_used_max") <= 8 << 20, status::toString);
            assertEquals(kind == Images.Kind.RANDOM, status.get("bd_count") > BYTES / 4096 / 2, status::toString);
        }
    }
}
