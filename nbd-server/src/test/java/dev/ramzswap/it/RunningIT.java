package dev.ramzswap.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What happens to a daemon while it runs: changes under load, other exports, crashes and the end. */
class RunningIT {
    private static final int BYTES = 32 << 20;

    @TempDir
    private Path directory;

    @Test
    void limitAndCodecChangeWhileFioVerifies() throws Exception {
        Path backing = directory.resolve("backing");
        try (DaemonProcess daemon =
                        DaemonProcess.start(directory, "--size", "32M", "--limit", "32M", "--backing-file", backing);
                Tool fio = Tool.start(Map.of(), Fio.writeAndVerify(daemon.uri(), BYTES, 2, 50, 8))) {
            Launcher launcher = daemon.launcher();
            for (String change : List.of("limit=4M", "codec=zstd:3", "limit=24M", "codec=lz4", "limit=8M")) {
                assertTrue(fio.isAlive(), () -> "fio ended before " + change);
                launcher.run("set", "swap0", change);
            }
            Map<String, Long> status = daemon.status("swap0");
            assertEquals(8 << 20, status.get("mem_limit"), status::toString);
            assertTrue(status.get("mem_used_total") <= 8 << 20, status::toString);
            assertTrue(status.get("bd_count") > 0, status::toString);
            assertTrue(launcher.run("status").out().contains("lz4"));
            launcher.run("set", "swap0", "limit=16M", "codec=zstd:1");
            Tool.Result shown = launcher.run("status");
            assertTrue(shown.out().contains("zstd:1") && shown.out().contains("16M"), shown::toString);
            fio.await().expect(0);
        }
    }

    @Test
    void sigtermUnderLoadEndsItWell() throws Exception {
        Path backing = directory.resolve("backing");
        try (DaemonProcess daemon =
                        DaemonProcess.start(directory, "--size", "32M", "--limit", "4M", "--backing-file", backing);
                Tool one = Tool.start(Map.of(), Fio.writeAndVerify(daemon.uri(), BYTES, 2, 0, 20));
                Tool two = Tool.start(Map.of(), Fio.writeAndVerify(daemon.tcpUri(""), BYTES, 1, 50, 20))) {
            while (daemon.status("swap0").get("bd_count") == 0) {
                assertTrue(one.isAlive() && two.isAlive(), "fio ended before there was load");
            }
            daemon.stop();
        }
    }

    @Test
    void exportsOfOneDaemonHaveNothingInCommon() throws Exception {
        try (DaemonProcess daemon = DaemonProcess.start(
                directory, "--export", "name=a,size=8M", "--export", "name=b,size=16M,codec=zstd:3")) {
            Tool.run("qemu-io", "-f", "raw", "-c", "write -P 1 0 8M", daemon.uri("a"));
            Tool.run("qemu-io", "-f", "raw", "-c", "read -P 0 0 16M", "-c", "write -P 2 4M 1M", daemon.tcpUri("b"));
            Tool.run("qemu-io", "-f", "raw", "-c", "read -P 1 0 8M", daemon.uri());
            Tool.run("qemu-io", "-f", "raw", "-c", "read -P 2 4M 1M", daemon.uri("b"));
            assertEquals(8 << 20, daemon.status("a").get("orig_data_size"));
            assertEquals(1 << 20, daemon.status("b").get("orig_data_size"));
        }
    }

    @Test
    void aSocketOfADeadDaemonIsReplacedAndThatOfALiveOneIsNot() throws Exception {
        try (DaemonProcess killed = DaemonProcess.start(directory, "--size", "8M")) {
            killed.kill();
            assertTrue(Files.exists(killed.socket()));
        }
        try (DaemonProcess daemon = DaemonProcess.start(directory, "--size", "8M")) {
            Tool.Result second =
                    daemon.launcher().runToEnd("serve", "--name", "other", "--size", "8M", "--socket", daemon.socket());
            second.expect(1);
            assertTrue(second.err().contains("--socket"), second::toString);
            Tool.run("qemu-io", "-f", "raw", "-c", "read -P 0 0 8M", daemon.uri());
        }
    }
}
