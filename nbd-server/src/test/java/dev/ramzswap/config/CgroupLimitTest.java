package dev.ramzswap.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CgroupLimitTest {
    private static final String V2 = "/sys/fs/cgroup";
    private static final String HYBRID = "/sys/fs/cgroup/unified";
    private static final String V1 = "/sys/fs/cgroup/memory";

    @TempDir
    private Path root;

    @Test
    void theLeastOfAllGroupsAboveHolds() throws IOException {
        file("/proc/self/cgroup", "0::/a.slice/b.service");
        file(V2 + "/a.slice/b.service/memory.max", "max");
        file(V2 + "/a.slice/b.service/memory.high", "max");
        assertLimit(Optional.empty());
        file(V2 + "/a.slice/memory.max", "300");
        assertLimit(Optional.of(new CgroupLimit(300, V2 + "/a.slice/memory.max")));
        file(V2 + "/a.slice/b.service/memory.high", "200");
        assertLimit(Optional.of(new CgroupLimit(200, V2 + "/a.slice/b.service/memory.high")));
    }

    /** Its root has files, which no machine's has; and who was moved out of sight has dots in his path. */
    @Test
    void inAContainerTheTopmostIsItsOwn() throws IOException {
        file("/proc/self/cgroup", "0::/../b");
        file(V2 + "/memory.max", "100");
        assertLimit(Optional.of(new CgroupLimit(100, V2 + "/memory.max")));
        file("/proc/self/cgroup", "0::/");
        assertLimit(Optional.of(new CgroupLimit(100, V2 + "/memory.max")));
    }

    @Test
    void theFirstVersionHoldsToo() throws IOException {
        file("/proc/self/cgroup", "4:cpu,memory:/a\n3:cpuset:/other\n0::/b");
        Files.createDirectories(root.resolve(HYBRID.substring(1)));
        file(V1 + "/memory.limit_in_bytes", "9223372036854771712");
        file(V1 + "/a/memory.limit_in_bytes", "500");
        file(V1 + "/other/memory.limit_in_bytes", "1");
        assertLimit(Optional.of(new CgroupLimit(500, V1 + "/a/memory.limit_in_bytes")));
    }

    @Test
    void aKernelWithoutGroupsHasNone() throws IOException {
        assertLimit(Optional.empty());
    }

    private void assertLimit(Optional<CgroupLimit> expected) throws IOException {
        assertEquals(expected, CgroupLimit.of(root, "self"));
    }

    private void file(String path, String text) throws IOException {
        Path file = root.resolve(path.substring(1));
        Files.createDirectories(file.getParent());
        Files.writeString(file, text + "\n");
    }
}
