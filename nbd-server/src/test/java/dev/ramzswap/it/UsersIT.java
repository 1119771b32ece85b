package dev.ramzswap.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What one user's commands make of another's daemon. The users are root and some that no machine has. */
class UsersIT {
    private static final int USER = 4711;

    @TempDir
    private Path directory;

    /** All of ramzswap, where everybody can read it. */
    private Path command;

    @BeforeEach
    void install() throws Exception {
        assumeTrue(System.getProperty("user.name").equals("root"), "only root can be others");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path runtime = Launcher.PATH.resolveSibling("nbd-server/target/runtime");
        Tool.run("cp", "-a", runtime, directory);
        Tool.run("chmod", "-R", "go=rX", directory.resolve("runtime"));
        command = directory.resolve("runtime/bin/ramzswap");
    }

    private Map<String, String> variables(Path run) {
        return Map.of("RAMZSWAP_RUNTIME_DIR", run.toString());
    }

    private static List<Object> as(int user, Object... command) {
        var words = new ArrayList<Object>(List.of("setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--"));
        words.addAll(List.of(command));
        return words;
    }

    private Tool.Result runAs(int user, Path run, Object... arguments) throws Exception {
        var words = as(user, command);
        words.addAll(List.of(arguments));
        try (Tool tool = Tool.start(variables(run), words.toArray())) {
            return tool.await();
        }
    }

    /** The umask is that of the package's units. */
    @Test
    void aDaemonOfRootsIsShownToOthersAndHarmsNoCommandOfTheirs() throws Exception {
        Path run = directory.resolve("run");
        String serve = "umask 077; exec " + command + " serve --name roots --size 16M";
        try (Tool daemon = Tool.start(variables(run), "sh", "-c", serve)) {
            DaemonProcess.awaitReady(daemon);
            String row = runAs(USER, run, "status").expect(0).out();
            assertTrue(row.matches("NAME .*\nroots( +-){8} +serving +\\d+ \\S+\n"), row);
            String json =
                    runAs(USER, run, "status", "--json", "roots").expect(0).out();
            assertTrue(json.contains("\"name\": \"roots\", \"state\": \"serving\"") && !json.contains("loads"), json);
            for (String change : List.of("set roots limit=1M", "stop roots", "stop roots --force")) {
                Tool.Result refused =
                        runAs(USER, run, (Object[]) change.split(" ")).expect(1);
                assertTrue(
                        refused.err()
                                .matches("ramzswap: the daemon .* is another user's: run this as that user or with"
                                        + " sudo\n"),
                        refused::toString);
            }
            Tool.Result doctor = runAs(USER, run, "doctor");
            assertTrue(doctor.out().contains("daemon of roots"), doctor::toString);
            assertEquals("", doctor.err());
            assertTrue(daemon.isAlive());
        }
    }

    /** Each where it belongs: in the session's directory, and in one of root's that others may not even look into. */
    @ParameterizedTest
    @ValueSource(strings = {"0755", "0700"})
    void aUsersOwnDaemonIsHisBesideOneOfRoots(String mode) throws Exception {
        Path session = Files.createDirectory(directory.resolve("session"));
        Tool.run("chown", USER, session);
        Map<String, String> variables = Map.of("XDG_RUNTIME_DIR", session.toString());
        String serve =
                "mount -t tmpfs ramzswap-test /run && umask 077 && exec " + command + " serve --name roots --size 16M";
        try (Tool roots = Tool.start(variables, "unshare", "--mount", "sh", "-c", serve)) {
            DaemonProcess.awaitReady(roots);
            Object[] enter = {"nsenter", "--mount", "--target", roots.pid(), "--"};
            Tool.run(with(enter, "chmod", mode, "/run/ramzswap"));
            Object[] user = with(enter, as(USER, command).toArray());
            try (Tool own = Tool.start(variables, with(user, "serve", "--name", "own", "--size", "16M"))) {
                DaemonProcess.awaitReady(own);
                String rows = run(variables, with(user, "status"));
                assertTrue(rows.matches("(?s)NAME .*\nown +lz4 .*"), rows);
                assertEquals(mode.equals("0755"), rows.contains("\nroots "), rows);
                run(variables, with(user, "set", "own", "limit=20M"));
                String counters = run(variables, with(user, "status", "--json", "own"));
                assertTrue(counters.contains("\"mem_limit\": " + (20 << 20)), counters);
                run(variables, with(user, "stop", "own"));
                assertTrue(roots.isAlive());
            }
        }
    }

    private static Object[] with(Object[] words, Object... more) {
        return Stream.concat(Stream.of(words), Stream.of(more)).toArray();
    }

    private static String run(Map<String, String> variables, Object... words) throws Exception {
        try (Tool tool = Tool.start(variables, words)) {
            return tool.await().expect(0).out();
        }
    }

    /** In a network of its own, where it is the kernel's default which ports anybody may have. */
    @Test
    void whatAUserMayNotHaveIsAskedWrongly() throws Exception {
        Path run = Files.createDirectory(directory.resolve("run"));
        Tool.run("chown", USER, run);
        Tool.Result swap = runAs(USER, run, "serve", "--size", "1M", "--swap").expect(2);
        assertTrue(swap.err().contains("cannot be guarded against lack of memory"), swap::toString);
        Object[] serve = as(USER, command, "serve", "--size", "1M", "--insecure", "--listen", "0.0.0.0:100")
                .toArray();
        try (Tool tool = Tool.start(variables(run), with(new Object[] {"unshare", "--net"}, serve))) {
            Tool.Result listen = tool.await().expect(2);
            assertTrue(listen.err().contains("give a port from 1024 on"), listen::toString);
        }
    }

    /** As the README shows it: where a user's own sockets lie, nobody else may enter. */
    @Test
    void anotherUserReachesTheUsualSocketOfRootsAlone() throws Exception {
        assertEquals(0, nbdinfoAtUsualSocketOf(0));
        assertNotEquals(0, nbdinfoAtUsualSocketOf(USER));
    }

    private int nbdinfoAtUsualSocketOf(int owner) throws Exception {
        Path home = Files.createDirectory(directory.resolve("home-" + owner));
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxr-xr-x"));
        Tool.run("chown", owner, home);
        Path run = home.resolve("run");
        var serve = as(owner, command, "serve", "--size", "1M", "--allow-users", USER + 1);
        try (Tool daemon = Tool.start(variables(run), serve.toArray())) {
            DaemonProcess.awaitReady(daemon);
            Path socket = run.resolve("swap0.sock");
            Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw-rw-"));
            var look = as(USER + 1, "nbdinfo", "nbd+unix:///?socket=" + socket);
            return Tool.runToEnd(look.toArray()).exit();
        }
    }

    /** No name is looked up, which could wait for another process: here there is none to be found. */
    @Test
    void rootMayChangeTheDaemonOfAUserWhereUsersHaveNoNames() throws Exception {
        Path run = Files.createDirectory(directory.resolve("run"));
        Tool.run("chown", USER, run);
        String nameless = "mount --bind /dev/null /etc/passwd && exec setpriv --reuid " + USER + " --regid " + USER
                + " --clear-groups -- " + command + " serve --size 16M --limit 32M";
        try (Tool daemon = Tool.start(variables(run), "unshare", "--mount", "sh", "-c", nameless)) {
            DaemonProcess.awaitReady(daemon);
            String python = "import glob, socket, sys; s = socket.socket(socket.AF_UNIX);"
                    + " s.connect(glob.glob(sys.argv[1] + '/*.control')[0]); s.sendall(b'set swap0 limit=24M\\n');"
                    + " print(s.recv(100).decode(), end='')";
            assertEquals("ok\n", Tool.run("python3", "-c", python, run).out());
        }
    }

    @Test
    void whatAnotherUserMayHaveMadeUpIsNotBelieved() throws Exception {
        Path run = Files.createDirectory(directory.resolve("run"));
        Tool.run("mkfifo", run.resolve("evil.export"));
        Tool.run("chown", USER, run);
        Tool.Result status = runAs(USER + 1, run, "status").expect(1);
        assertTrue(
                status.err().startsWith("ramzswap: warning: " + run + " belongs to somebody else"), status::toString);
        assertEquals("[]\n", runAs(USER + 1, run, "status", "--json").expect(0).out());
        runAs(USER, run, "status").expect(1); // his own pipe keeps him waiting no more
    }
}
