package dev.ramzswap.status;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ramzswap.config.Cause;
import dev.ramzswap.config.Host;
import dev.ramzswap.config.RuntimePath;
import dev.ramzswap.linux.ProcessId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.AbstractList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
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
        return new ExportEntry(
                name, pid, start, dir.control(pid), "/counters", "/run/s.sock", "", "/backing", ExportEntry.SERVING);
    }

    private ExportEntry live(String name) {
        return entry(name, PID, ProcessId.startOf(PID));
    }

    @Test
    void showsWhatIsServed() throws IOException {
        dir.claim(List.of(live("b"), live("a")));
        assertEquals(List.of(live("a"), live("b")), dir.exports(host));
        dir.release(List.of(live("a")));
        assertEquals(List.of(live("b")), dir.exports(host));
    }

    @Test
    void aNameBelongsToOneDaemon() throws IOException {
        dir.claim(List.of(live("a")));
        var e = assertThrows(IOException.class, () -> dir.claim(List.of(live("b"), live("a"))));
        assertEquals(
                "--name: a running daemon (pid " + PID
                        + ") has an export 'a': give this one another name, or stop that one",
                e.getMessage());
        assertEquals(List.of(live("a")), dir.exports(host), "all or none");
        assertTrue(Cause.isLasting(e), "nobody begins that one again, and this one need not be either");
    }

    @Test
    void deadDaemonsAreNotShownAndMakeRoom() throws IOException {
        ExportEntry dead = entry("a", PID, ProcessId.startOf(PID) - 1);
        dir.publish(dead);
        ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                .bind(UnixDomainSocketAddress.of(dead.control()))
                .close();
        assertTrue(dir.exports(host).isEmpty());
        dir.claim(List.of(live("b")));
        assertFalse(Files.exists(dead.control()));
        assertFalse(Files.exists(dir.path().resolve("a.export")));
        dir.claim(List.of(live("a")));
        assertEquals(2, dir.exports(host).size());
    }

    @Test
    void aDeadDaemonsEntryThatCannotBeRemovedIsNotSaidToBeALiveOnes() throws Exception {
        dir.publish(entry("a", PID, ProcessId.startOf(PID) - 1));
        Path entry = dir.path().resolve("a.export");
        assumeTrue(run("mount", "--bind", entry, entry), "needs root");
        try {
            var e = assertThrows(IOException.class, () -> dir.claim(List.of(live("a"))));
            assertTrue(e.getMessage().endsWith("Device or resource busy"), e::getMessage);
        } finally {
            run("umount", entry);
        }
    }

    private static boolean run(Object... command) throws IOException, InterruptedException {
        List<String> words = Stream.of(command).map(Object::toString).toList();
        return new ProcessBuilder(words).start().waitFor() == 0;
    }

    @Test
    void whatIsNoEntryIsNotItsToRemove() throws IOException {
        Path photos = Files.writeString(dir.path().resolve("photos.export"), "list of photos");
        dir.claim(List.of(live("a")));
        assertTrue(Files.exists(photos));
    }

    @Test
    void whatHasTheNameOfAnEntryAndIsNoneIsNotOverwritten() throws Exception {
        Path letter = Files.writeString(dir.path().resolve("a.export"), "my letter");
        assertRefused("a");
        assertEquals("my letter", Files.readString(letter));
        Path folder = Files.createDirectory(dir.path().resolve("b.export"));
        assertRefused("b");
        assertTrue(Files.isDirectory(folder));
        Files.createSymbolicLink(dir.path().resolve("c.export"), letter);
        assertRefused("c");
        Path fresh = Files.writeString(dir.path().resolve("d.export.new"), "my other letter");
        dir.claim(List.of(live("d")));
        assertEquals("my other letter", Files.readString(fresh));
        assertEquals(List.of(live("d")), dir.exports(host));
    }

    private void assertRefused(String name) {
        assertEquals(
                dir.path().resolve(name + ".export") + " is no daemon's entry, and in the way of one: move it away, or"
                        + " set RAMZSWAP_RUNTIME_DIR to another directory",
                assertThrows(IOException.class, () -> dir.claim(List.of(live("z"), live(name))))
                        .getMessage());
    }

    @Test
    void whatADeadDaemonsControlSocketIsNotStays() throws IOException {
        ExportEntry dead = entry("a", PID, ProcessId.startOf(PID) - 1);
        dir.publish(dead);
        Path letter = Files.writeString(dead.control(), "my letter");
        dir.claim(List.of(live("a")));
        assertEquals("my letter", Files.readString(letter));
    }

    /** Of a full directory, or of a daemon that was killed just then. */
    @Test
    void whatIsLeftOfAnEntryIsInNobodysWay() throws IOException {
        Files.createFile(dir.path().resolve("a.export"));
        Files.writeString(unfinished("a"), "name=");
        dir.claim(List.of(live("a")));
        assertEquals(List.of(live("a")), dir.exports(host));
        assertFalse(Files.exists(unfinished("a")));
    }

    /** Such as in a directory that is full. */
    @Test
    void whenOneCannotBeWrittenTheOthersAreTakenBack() throws IOException {
        Files.createDirectories(unfinished("b").resolve("x"));
        assertThrows(IOException.class, () -> dir.claim(List.of(live("a"), live("b"))));
        assertTrue(dir.exports(host).isEmpty());
        Files.delete(unfinished("b").resolve("x"));
        dir.claim(List.of(live("a"), live("b")));
        assertEquals(2, dir.exports(host).size());
    }

    private Path unfinished(String name) {
        return dir.path().resolve("." + name + ".export.ramzswap");
    }

    @Test
    @Timeout(30)
    void aDaemonThatNobodyHasBuriedYetIsDead() throws Exception {
        // The shell's child ends when we let it: when the shell has become sleep, which waits for nobody.
        Process parent = new ProcessBuilder("sh", "-c", "exec 3<&0; cat <&3 & echo $!; exec sleep 60 3<&-").start();
        try (var said = parent.inputReader()) {
            long pid = Long.parseLong(said.readLine());
            while (!Files.readString(Path.of("/proc/" + parent.pid() + "/comm")).equals("sleep\n")) {
                Thread.sleep(1);
            }
            parent.getOutputStream().close();
            while (!state(pid).equals("Z")) {
                Thread.sleep(1);
            }
            assertEquals(-1, ProcessId.startOf(pid));
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
        assertTrue(dir.exports(host).isEmpty());
    }

    @Test
    void aDirectoryThatIsNotThereIsEmpty() throws IOException {
        assertTrue(new RuntimeDir(temp.resolve("none")).exports(host).isEmpty());
    }

    @Test
    void othersMayNotWriteToIt() throws IOException {
        Files.setPosixFilePermissions(dir.path(), PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThrows(IOException.class, () -> dir.prepare(host));
        Host other = new Host(1L << 30, host.uid() + 1, host.variables());
        Files.setPosixFilePermissions(dir.path(), PosixFilePermissions.fromString("rwx------"));
        assertThrows(IOException.class, () -> dir.prepare(other));
    }

    /** flock(1) is a daemon that hangs while it takes names. */
    @Test
    void namesThatSomebodyIsTakingForEverAreAnError() throws Exception {
        Path lock = dir.path().resolve("names.lock");
        dir.claim(List.of());
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(lock)));
        Process holder = new ProcessBuilder("flock", lock.toString(), "sh", "-c", "echo held; exec sleep 60").start();
        try (var said = holder.inputReader()) {
            assertEquals("held", said.readLine());
            var impatient = new RuntimeDir(dir.path(), Duration.ofMillis(1));
            var e = assertThrows(IOException.class, () -> impatient.claim(List.of(live("a"))));
            assertEquals(lock + " is in use by another process: stop that one first", e.getMessage());
        } finally {
            holder.descendants().forEach(ProcessHandle::destroyForcibly);
            holder.destroyForcibly().waitFor();
        }
        dir.claim(List.of(live("a")));
    }

    /** Such as a lock of the directory, or of the file that daemons before this had: anybody could have it. */
    @Test
    void whatOthersCanLockIsInNobodysWay() throws Exception {
        Path old = Files.createFile(dir.path().resolve("lock"));
        String locks = "import fcntl, sys, time\n"
                + "files = [open(path) for path in sys.argv[1:]]\n"
                + "fcntl.lockf(files[0], fcntl.LOCK_SH)\n"
                + "for file in files: fcntl.flock(file, fcntl.LOCK_SH)\n"
                + "print('held', flush=True); time.sleep(60)\n";
        Process holder = new ProcessBuilder("python3", "-c", locks, old.toString()).start();
        try (var said = holder.inputReader()) {
            assertEquals("held", said.readLine());
            assertTimeoutPreemptively(Duration.ofSeconds(30), () -> dir.claim(List.of(live("a"))));
        } finally {
            holder.destroyForcibly().waitFor();
        }
    }

    @Test
    void everybodyWhoMayLookIntoItCanReadAnEntry() throws IOException {
        dir.claim(List.of(live("a")));
        assertEquals(
                "rw-r--r--",
                PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(dir.path().resolve("a.export"))));
    }

    /** Put there meanwhile by whoever may write to the directory. */
    @Test
    void anEntryIsWrittenThroughNobodysLink() throws IOException {
        Path victim = Files.writeString(temp.resolve("victim"), "precious");
        Files.setPosixFilePermissions(victim, PosixFilePermissions.fromString("rw-------"));
        Path whole = temp.resolve("run/.a.ramzswap");
        List<String> lines = new AbstractList<>() {
            @Override
            public String get(int index) {
                try {
                    Files.delete(whole);
                    Files.createSymbolicLink(whole, victim);
                    return "line";
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }

            @Override
            public int size() {
                return 1;
            }
        };
        RuntimeDir.replace(temp.resolve("run/a"), lines);
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(victim)));
    }

    @Test
    void aPipeIsNotAnExport() throws Exception {
        Path pipe = dir.path().resolve("evil.export");
        assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
        dir.publish(live("a"));
        assertTimeoutPreemptively(Duration.ofSeconds(30), () -> assertEquals(List.of(live("a")), dir.exports(host)));
    }

    @Test
    void whatOthersMayHaveMadeUpIsNotBelieved() throws IOException {
        dir.publish(live("a"));
        Host other = new Host(1L << 30, host.uid() + 1, host.variables());
        Host root = new Host(1L << 30, 0, host.variables());
        boolean isRootsOwn = host.uid() == 0;
        assertEquals(isRootsOwn ? List.of(live("a")) : List.of(), dir.exports(other), "root is believed");
        assertEquals(isRootsOwn ? List.of(live("a")) : List.of(), dir.exports(root));
        Files.setPosixFilePermissions(dir.path(), PosixFilePermissions.fromString("rwxrwxr-x"));
        assertEquals(List.of(), dir.exports(host));
        Files.setPosixFilePermissions(dir.path(), PosixFilePermissions.fromString("rwxr-xr-x"));
        assertEquals(List.of(live("a")), dir.exports(host));
        Path link = Files.createSymbolicLink(temp.resolve("link"), dir.path());
        assertEquals(List.of(), new RuntimeDir(link).exports(host));
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

    @Test
    void whatIsEmptyOrRelativeSaysNothing() {
        assertEquals(
                Path.of("/tmp/ramzswap-5"),
                RuntimeDir.own(new Host(1, 5, Map.of(RuntimePath.VARIABLE, "", "XDG_RUNTIME_DIR", "", "TMPDIR", "")))
                        .path());
        assertEquals(
                Path.of("/tmp/ramzswap-5"),
                RuntimeDir.own(new Host(1, 5, Map.of("XDG_RUNTIME_DIR", "a", "TMPDIR", "b")))
                        .path());
    }

    /** Two daemons of a user's, where none ran before. */
    @Test
    void twoThatMakeItAtOnceBothHaveIt() throws Exception {
        for (int i = 0; i < 200; i++) {
            var run = new RuntimeDir(temp.resolve("run" + i));
            var barrier = new CyclicBarrier(2);
            Callable<Void> prepare = () -> {
                barrier.await();
                run.prepare(host);
                return null;
            };
            var other = new FutureTask<>(prepare);
            Thread.ofPlatform().start(other);
            prepare.call();
            other.get();
        }
    }

    @Test
    void whatCannotBeRemovedIsInNobodysWay() throws IOException {
        Files.createDirectories(dir.path().resolve("x.export/y"));
        dir.claim(List.of(live("a")));
        assertEquals(List.of(live("a")), dir.exports(host));
    }

    /** Somebody removed the directory, and another daemon took the name. */
    @Test
    void anEntryOfAnotherDaemonStays() throws IOException {
        dir.claim(List.of(live("a")));
        dir.release(List.of(entry("a", PID, 1), entry("none", PID, 1)));
        assertEquals(List.of(live("a")), dir.exports(host));
    }
}
