package dev.ramzswap.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the daemon says of a machine that is not made for it. Each has namespaces of its own, with which it ends. */
@Timeout(60)
class MachineIT {
    private static final String SPILLS = "--size 16M --limit 4M --backing-file ";

    @TempDir
    private Path directory;

    @BeforeEach
    void needRoot() {
        assumeTrue(System.getProperty("user.name").equals("root"), "only root can mount");
    }

    /** @param commands that make the machine, for a shell in the test's directory */
    private Tool serve(String commands, String options) throws Exception {
        String serve =
                "cd " + directory + "\n" + commands + "\nexec " + Launcher.PACKAGED + " serve --socket s " + options;
        return Tool.start(new Launcher(directory).environment(), "unshare", "--mount", "--ipc", "sh", "-ec", serve);
    }

    /** All that a daemon has warned of until it was ready. */
    private List<String> warnings(String commands, String options) throws Exception {
        try (Tool daemon = serve(commands, options)) {
            DaemonProcess.awaitReady(daemon);
            Tool.run("kill", daemon.pid());
            return daemon.await()
                    .expect(0)
                    .err()
                    .lines()
                    .filter(line -> line.startsWith("ramzswap: warning: "))
                    .toList();
        }
    }

    private static void assertBegin(List<String> beginnings, List<String> lines) {
        assertEquals(beginnings.size(), lines.size(), lines::toString);
        for (int i = 0; i < lines.size(); i++) {
            assertTrue(lines.get(i).startsWith("ramzswap: warning: export swap0" + beginnings.get(i)), lines::toString);
        }
    }

    /** A daemon that is no swap of this machine's may have it: perhaps its pages are compressed well. */
    @Test
    void moreThanItsContainerAllowsIsWarnedOf() throws Exception {
        String container = "mount -t tmpfs none /sys/fs/cgroup; echo 104857600 >/sys/fs/cgroup/memory.max";
        assertEquals(
                List.of("ramzswap: warning: export swap0 may need more than the 100M of memory that"
                        + " /sys/fs/cgroup/memory.max allows: give it a lower limit, and a backing file for the rest"),
                warnings(container, "--size 101M"));
        assertEquals(List.of(), warnings(container, "--size 100M"));
    }

    @Test
    void aBackingFileInMemoryIsWarnedOf() throws Exception {
        String file = directory + "/place/file";
        String tmpfs = "mkdir place; mount -t tmpfs none place";
        assertBegin(List.of(": backing file " + file + " lies in memory (tmpfs): "), warnings(tmpfs, SPILLS + file));
    }

    /** No kernel's ramfs has O_DIRECT. */
    @Test
    void soIsOneThatGoesThroughThePageCache() throws Exception {
        String file = directory + "/place/file";
        assertBegin(
                List.of(
                        ": backing file " + file + " lies in memory (ramfs): ",
                        ": backing file " + file
                                + " goes through the page cache, since its file system has no O_DIRECT: "),
                warnings("mkdir place; mount -t ramfs none place", SPILLS + file));
    }

    /** The pool of a state directory on ramfs is such memory. */
    @Test
    void whatForbidsSharedMemoryIsNamed() throws Exception {
        String small =
                "mkdir -m 700 state; mount -t ramfs -o mode=0700 none state; echo 1048576 >/proc/sys/kernel/shmmax";
        try (Tool daemon = serve(small, "--size 16M --state-dir state")) {
            String error = daemon.await().expect(1).err();
            assertTrue(
                    error.matches("ramzswap: .*; it is of one piece: set sysctl kernel.shmmax \\(1048576\\) to"
                            + " \\d+ or more\n"),
                    error);
        }
    }
}
