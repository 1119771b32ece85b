package dev.ramzswap.status;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.config.Host;
import dev.ramzswap.config.RuntimePath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RuntimeDirTest {
    private static final long PID = ProcessHandle.current().pid();

    @TempDir
    private Path temp;

    private Host host;
    private RuntimeDir dir;

    @BeforeEach
    void prepare() throws IOException {
        host = new Host(
                1L << 30,
                Host.current().uid(),
                Map.of(RuntimePath.VARIABLE, temp.resolve("run").toString()));
        dir = RuntimeDir.own(host);
        dir.prepare(host);
    }

    private ExportEntry entry(String name, long pid, long start) {
        return new ExportEntry(name, pid, start, dir.control(pid), "/counters", "/run/s.sock", "", ExportEntry.SERVING);
    }

    private ExportEntry live(String name) {
        return entry(name, PID, ExportEntry.startOf(PID));
    }

    @Test
    void showsWhatIsServed() throws IOException {
        dir.claim(List.of(live("b"), live("a")));
        assertEquals(List.of(live("a"), live("b")), dir.exports());
        dir.release("a");
        assertEquals(List.of(live("b")), dir.exports());
    }

    @Test
    void aNameBelongsToOneDaemon() throws IOException {
        dir.claim(List.of(live("a")));
        var e = assertThrows(IOException.class, () -> dir.claim(List.of(live("b"), live("a"))));
        assertEquals(
                "--name: a running daemon (pid " + PID
                        + ") has an export 'a': give this one another name, or stop that one",
                e.getMessage());
        assertEquals(List.of(live("a")), dir.exports(), "all or none");
    }

    @Test
    void deadDaemonsAreNotShownAndMakeRoom() throws IOException {
        ExportEntry dead = entry("a", PID, ExportEntry.startOf(PID) - 1);
        dir.publish(dead);
        Files.createFile(dead.control());
        assertTrue(dir.exports().isEmpty());
        dir.claim(List.of(live("b")));
        assertFalse(Files.exists(dead.control()));
        assertFalse(Files.exists(dir.path().resolve("a.export")));
        dir.claim(List.of(live("a")));
        assertEquals(2, dir.exports().size());
    }

    @Test
    void aDaemonThatNobodyHasBuriedYetIsDead() throws Exception {
        // The shell's child has ended when its pipe has, and sleep, which the shell becomes, waits for nobody.
        Process parent = new ProcessBuilder("sh", "-c", "(sleep 0) & echo $!; exec sleep 60 >&-").start();
        try (var said = parent.inputReader()) {
            long pid = Long.parseLong(said.readLine());
            assertNull(said.readLine());
            while (!state(pid).equals("Z")) {
                Thread.sleep(1);
            }
            assertEquals(-1, ExportEntry.startOf(pid));
        } finally {
            parent.destroyForcibly().waitFor();
        }
    }

    private static String state(long pid) {
        try {
            return Files.readString(Path.of("/proc/" + pid + "/stat")).split(" ")[2];
        } catch (IOException e) {
            return "";
        }
    }

    @Test
    void garbageIsNotAnExport() throws IOException {
        Files.writeString(dir.path().resolve("x.export"), "what?\n");
        assertTrue(dir.exports().isEmpty());
    }

    @Test
    void aDirectoryThatIsNotThereIsEmpty() throws IOException {
        assertTrue(new RuntimeDir(temp.resolve("none")).exports().isEmpty());
    }

    @Test
    void othersMayNotWriteToIt() throws IOException {
        Files.setPosixFilePermissions(dir.path(), PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThrows(IOException.class, () -> dir.prepare(host));
        Host other = new Host(1L << 30, host.uid() + 1, host.variables());
        Files.setPosixFilePermissions(dir.path(), PosixFilePermissions.fromString("rwx------"));
        assertThrows(IOException.class, () -> dir.prepare(other));
    }

    @Test
    void aLinkInItsPlaceIsRefused() throws IOException {
        Path link = Files.createSymbolicLink(temp.resolve("link"), dir.path());
        assertThrows(IOException.class, () -> new RuntimeDir(link).prepare(host));
    }

    @Test
    void itIsWhereTheUserMayWrite() {
        assertEquals(
                Path.of("/run/ramzswap"),
                RuntimeDir.own(new Host(1, 0, Map.of())).path());
        assertEquals(
                Path.of("/run/user/5/ramzswap"),
                RuntimeDir.own(new Host(1, 5, Map.of("XDG_RUNTIME_DIR", "/run/user/5")))
                        .path());
        assertEquals(
                Path.of("/tmp/ramzswap-5"),
                RuntimeDir.own(new Host(1, 5, Map.of())).path());
        assertEquals(
                Path.of("/var/tmp/ramzswap-5"),
                RuntimeDir.own(new Host(1, 5, Map.of("TMPDIR", "/var/tmp"))).path());
        assertEquals(2, RuntimeDir.visible(new Host(1, 5, Map.of())).size());
        assertEquals(1, RuntimeDir.visible(new Host(1, 0, Map.of())).size());
    }
}
