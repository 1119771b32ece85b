package dev.ramzswap.backing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Of services of systemd: which refusals are the service's doing, and how to end that. */
class SandboxTest {
    private static final String MACHINE = """
            21 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
            22 21 0:5 / /dev rw,nosuid - devtmpfs udev rw
            23 21 8:2 / /mnt/ssd\\0401 rw,relatime - xfs /dev/sda2 rw
            24 21 8:3 / /mnt/old ro,relatime - ext4 /dev/sda3 ro
            """;

    /** ProtectSystem=strict, ReadWritePaths=/var/lib/ramzswap, PrivateDevices=yes, ProtectHome=yes. */
    private static final String SERVICE = """
            121 1 8:1 / / ro,relatime - ext4 /dev/sda1 rw
            123 121 8:2 / /mnt/ssd\\0401 ro,relatime - xfs /dev/sda2 rw
            124 121 8:3 / /mnt/old ro,relatime - ext4 /dev/sda3 ro
            125 121 8:1 /var/lib/ramzswap /var/lib/ramzswap rw,relatime - ext4 /dev/sda1 rw
            126 121 0:40 / /dev ro,nosuid - tmpfs tmpfs rw
            127 121 0:22 /systemd/inaccessible/dir /home ro,nosuid - tmpfs tmpfs rw
            """;

    private static final String EDIT =
            ": the service is kept from it, not the machine: systemctl edit ramzswap@swap0.service, [Service], ";

    @TempDir
    Path proc;

    private Sandbox service;

    @BeforeEach
    void makeTree() throws IOException {
        file("1/mountinfo", MACHINE);
        file("self/mountinfo", SERVICE);
        file("self/cgroup", "0::/ramzswap.slice/ramzswap@swap0.service\n");
        service = new Sandbox(proc, Map.of("INVOCATION_ID", "1"));
    }

    @Test
    void namesTheDropInOfWhatTheServiceIsKeptFrom() {
        assertEquals(EDIT + "ReadWritePaths=/mnt/ssd 1", service.cureFor(Path.of("/mnt/ssd 1/file")));
        assertEquals(EDIT + "ReadWritePaths=/srv", service.cureFor(Path.of("/srv/file")));
        assertEquals(EDIT + "ReadWritePaths=/home/alice", service.cureFor(Path.of("/home/alice/file")));
        assertEquals(EDIT + "PrivateDevices=no and DeviceAllow=/dev/sdb rw", service.cureFor(Path.of("/dev/sdb")));
    }

    @Test
    void saysNothingOfWhatTheMachineRefusesItself() {
        assertEquals("", service.cureFor(Path.of("/mnt/old/file")));
        assertEquals("", service.cureFor(Path.of("/var/lib/ramzswap/file")));
    }

    @Test
    void outsideOfAServiceNothingIsKept() throws IOException {
        assertEquals("", new Sandbox(proc, Map.of()).cureFor(Path.of("/srv/file")));
        Files.delete(proc.resolve("1/mountinfo"));
        assertEquals("", service.cureFor(Path.of("/srv/file")));
    }

    private void file(String name, String text) throws IOException {
        Path file = proc.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
