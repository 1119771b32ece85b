package dev.ramzswap.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What of the machine and of its user's settings reaches the daemon's JVM, and what not. */
class EnvironmentIT {
    private static final String REFUSED = "ramzswap: --backing-file: .* is not UTF-8: give a path that is .*\n";

    @TempDir
    private Path directory;

    /** The checkout's, and the only one that the package has. */
    static List<Path> commands() {
        return List.of(Launcher.PATH, Launcher.PACKAGED);
    }

    @ParameterizedTest
    @MethodSource("commands")
    void optionsForOtherJavaProgramsAreNotForThisOne(Path command) throws Exception {
        String bad = "-XX:+UseParallelGC -Xmx1g";
        Map<String, String> others = Map.of(
                "JAVA_TOOL_OPTIONS", bad,
                "JDK_JAVA_OPTIONS", bad,
                "_JAVA_OPTIONS", bad,
                "JDK_AOT_VM_OPTIONS", bad,
                "CLASSPATH", "/classes");
        Object[] serve = {command, "serve", "--size", "1M", "--socket", directory.resolve("s")};
        try (Tool daemon = Tool.start(all(others), serve)) {
            DaemonProcess.awaitReady(daemon);
            String variables = Files.readString(Path.of("/proc/" + daemon.pid() + "/environ"));
            assertEquals(
                    List.of(),
                    Stream.of(variables.split("\0"))
                            .map(variable -> variable.split("=")[0])
                            .filter(others::containsKey)
                            .toList());
            try (Tool status = Tool.start(all(others), command, "status", "--json")) {
                assertEquals("", status.await().expect(0).err());
            }
        }
    }

    private Map<String, String> all(Map<String, String> machine) {
        var all = new HashMap<>(machine);
        all.putAll(new Launcher(directory).environment());
        return all;
    }

    /** @param name of the backing file, for printf(1) */
    private String serve(String name) {
        return "exec '" + Launcher.PATH + "' serve --size 64M --limit 4M --socket '" + directory
                + "/s' --backing-file \"$(printf '" + directory + "/" + name + "')\"";
    }

    /** {@code größe}, in octal, so that the encodings of this JVM and of the shell do not matter. */
    @ParameterizedTest
    @ValueSource(strings = {"C", "C.UTF-8", "de_DE.ISO-8859-1"})
    void aPathIsTheBytesThatWereTypedInEveryLocale(String locale) throws Exception {
        try (Tool daemon = Tool.start(all(Map.of("LC_ALL", locale)), "sh", "-c", serve("gr\\303\\266\\303\\237e"))) {
            DaemonProcess.awaitReady(daemon);
            String made = Tool.run("ls", directory).out();
            assertEquals("gr\u00f6\u00dfe\nrun\ns\n", made);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"C", "C.UTF-8", "de_DE.ISO-8859-1"})
    void aPathThatIsNotUtf8IsRefusedInEveryLocale(String locale) throws Exception {
        try (Tool shell = Tool.start(all(Map.of("LC_ALL", locale)), "sh", "-c", serve("gr\\366\\337e"))) {
            Tool.Result refused = shell.await().expect(2);
            assertTrue(refused.err().matches(REFUSED), refused::toString);
        }
        try (var files = Files.list(directory)) {
            assertEquals(List.of(), files.filter(file -> !file.endsWith("run")).toList());
        }
    }

    @Test
    void nobodyCanAttachToTheJvm() throws Exception {
        System.setProperty("sun.tools.attach.attachTimeout", "500");
        try (DaemonProcess daemon = DaemonProcess.start(directory, "--size", "1M")) {
            assertThrows(AttachNotSupportedException.class, () -> VirtualMachine.attach(Long.toString(daemon.pid())));
        }
    }

    @Test
    void aDiskIsNoPlaceForState() throws Exception {
        Path disk = Path.of("/proc/state"); // no tmpfs nor ramfs, wherever this checkout lies
        Object[] serve = {"serve", "--size", "1M", "--socket", directory.resolve("s"), "--state-dir", disk};
        Tool.Result refused = new Launcher(directory).runToEnd(serve).expect(2);
        assertTrue(refused.err().matches("ramzswap: --state-dir: .* is on a disk, .*\n"), refused::toString);
        Path memory = Path.of("/dev/shm").resolve(directory.getFileName());
        try (DaemonProcess daemon = DaemonProcess.start(directory, "--size", "1M", "--state-dir", memory)) {
            assertFalse(daemon.output().contains("disk"));
        } finally {
            Tool.run("rm", "-r", memory);
        }
    }
}
