package dev.ramzswap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.ChildJvm;
import dev.ramzswap.config.Host;
import dev.ramzswap.config.Key;
import dev.ramzswap.store.CodecSpec;
import dev.ramzswap.store.PageStore;
import dev.ramzswap.store.StoreConfig;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** The commands as a user sees them: exit status, stdout, and one line on stderr. */
class CommandLineTest {
    /** A user who may not change this machine, even where the tests run as root. */
    private static final int NOBODY = 65534;

    @TempDir
    private Path temp;

    private Host host;
    private int status;
    private String out;
    private String err;

    @BeforeEach
    void host() {
        Map<String, String> variables =
                Map.of("RAMZSWAP_RUNTIME_DIR", temp.resolve("run").toString());
        host = new Host(8L << 30, NOBODY, variables);
    }

    /** @param line the words, with {@code @} for the test's directory */
    private void run(String line) {
        var outText = new StringWriter();
        var errText = new StringWriter();
        status = Main.commandLine(host)
                .setOut(new PrintWriter(outText))
                .setErr(new PrintWriter(errText))
                .execute(
                        line.isEmpty()
                                ? new String[0]
                                : line.replace("@", temp.toString()).split(" "));
        out = outText.toString();
        err = errText.toString().replace(temp.toString(), "@");
    }

    private void assertFails(int status, String message) {
        assertEquals("ramzswap: " + message + "\n", err);
        assertEquals(status, this.status);
        assertEquals("", out);
    }

    @Test
    void setSaysWhatMayChange() {
        run("set --help");
        for (String change : Key.changes()) {
            assertTrue(out.contains(change), out);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "serve", "swapon", "swapoff", "status", "set", "stop", "doctor"})
    void helpAndVersionEverywhere(String command) {
        run(("help " + command).strip());
        assertEquals(0, status);
        String help = out;
        run((command + " --help").strip());
        assertEquals(0, status);
        assertEquals(help, out);
        assertTrue(out.startsWith("Usage: ramzswap " + command), out);
        assertTrue(out.contains("--version"), out);
        run((command + " --version").strip());
        assertEquals(0, status);
        assertTrue(out.matches("ramzswap \\d+\\.\\d+\\.\\d+\\S*\n"), out);
    }

    /** Of a terminal, or a page of the manual, they are as wide as those are; what is to be copied fits into either. */
    @ParameterizedTest
    @ValueSource(strings = {"", "serve", "swapon", "swapoff", "status", "set", "stop", "doctor"})
    void noLineOfHelpEndsWithinASentence(String command) {
        CommandLine root = Main.commandLine(host);
        CommandLine one = command.isEmpty() ? root : root.getSubcommands().get(command);
        for (String line : one.getCommandSpec().usageMessage().footer()) {
            assertTrue(line.startsWith("  ") ? line.length() <= 72 : line.matches("|.*[.:]"), line);
        }
    }

    /** Who starts daemons again leaves those alone that end with status 2, and pages would have none. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            1 | serve --size lots --state-dir @/state
            1 | serve --size 16M --state-dir @/state --config @/none
            1 | serve --config @/wrong
            1 | serve --size 16M --state-dir @/state --listen nowhere
            1 | serve --export name=b,size=16M --export name=swap0,size=lots --state-dir @/state
            1 | serve --export name=b,size=16M --name swap0 --state-dir @/state
            1 | serve --export b --state-dir @/state
            1 | serve --sise 16M --state-dir @/state
            1 | serve --sise 16M --config @/wrong
            1 | serve --size 16M --size 16M --state-dir @/state
            1 | serve --state-dir @/state --size
            1 | serve --insecure=false --size 16M --state-dir @/state
            1 | serve --size 16M --stat-dir @/state
            1 | serve --size 16M --state-dir @/state --name .
            1 | serve --config @/broken
            1 | serve --config @/nowhere
            1 | serve --config @/none
            1 | serve --state-dir @/state --config @/sections
            1 | --bogus serve --size 16M --state-dir @/state
            1 | sreve --size 16M --state-dir @/state
            2 | serve --size lots --state-dir @/state --name other
            2 | serve --state-dir @/state --config @/broken --name other
            2 | serve --size lots --state-dir @/other
            2 | serve --sise 16M
            2 | serve --state-dir @/other --config @/sections
            2 | serve --export b
            2 | serve --size lots
            2 | --bogus serve --size 16M
            2 | --bogus swapon swap0 --state-dir @/state
            2 | swapon serve --bogus --state-dir @/state
            """)
    void wrongUseIsTriedAgainWherePagesWait(int expected, String line) throws IOException {
        StoreConfig pages = new StoreConfig(
                "swap0",
                4096,
                StoreConfig.NO_LIMIT,
                CodecSpec.LZ4,
                StoreConfig.DEFAULT_CUTOFF,
                Optional.empty(),
                true,
                0,
                Optional.of(temp.resolve("state")));
        PageStore.open(pages).close();
        String directory = "state-dir = " + temp.resolve("state") + "\n";
        Files.writeString(temp.resolve("wrong"), "size = lots\n" + directory);
        Files.writeString(temp.resolve("broken"), "size 16M\n" + directory);
        Files.writeString(temp.resolve("nowhere"), "size = 16M\nstate-dir\n");
        Files.writeString(temp.resolve("sections"), "[export b]\nsize 16M\n[export swap0]\nsize = 16M\n");
        run(line);
        assertEquals(expected, status, err);
        assertEquals(1, err.lines().count(), err);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "-                      | Missing required subcommand (see ramzswap --help)",
                "sreve                  | no command 'sreve', did you mean serve? (see ramzswap --help)",
                "serve --siez=1G        | no option --siez=1G, did you mean --size? (see ramzswap serve --help)",
                "serve --size           | Missing required parameter for option '--size' (SIZE) (see ramzswap serve --help)",
                "serve --size 1G --size 2G | option '--size' (SIZE) should be specified only once (see ramzswap serve --help)",
                "serve                  | --size: missing: say how large the device is, as in --size 1G (see ramzswap serve --help)",
                "serve --size 0         | --size: 0 is too small: one page, 4096 bytes, is the least (see ramzswap serve --help)",
                "serve --size -5G       | --size: '-5G' is not a size: write one such as 512M, 1.5G, 4G, 50% or min(ram/2, 8G) (see ramzswap serve --help)",
                "serve --size lots      | --size: 'lots' is not a size: write one such as 512M, 1.5G, 4G, 50% or min(ram/2, 8G) (see ramzswap serve --help)",
                "serve --size 9T        | --size: 9T is too large: 7T is the most (see ramzswap serve --help)",
                "serve --size 1G --limit 9G | --limit: 9G is more than the 8G of memory that this machine has: give less"
                        + " (see ramzswap serve --help)",
                "serve --size 1G --no-encrypt | --no-encrypt: there is no backing file: give backing-file as well"
                        + " (see ramzswap serve --help)",
                "serve --size 1G --export size=1G | --size: describes the only export, and there are others by --export or"
                        + " [export NAME]: move it into one of them (see ramzswap serve --help)",
                "serve --size 1G --socket / | --socket: '/' is the root directory: give the path of a file"
                        + " (see ramzswap serve --help)",
                "swapon a --size 1G --backing-file / | --backing-file: '/' is the root directory: give the path of a file"
                        + " (see ramzswap swapon --help)",
                "swapon a --config @/none | --config: @/none does not exist: give the path of a file (see ramzswap swapon --help)",
                "status --name a --socket b | --socket=PATH, --name=NAME are mutually exclusive (specify only one)"
                        + " (see ramzswap status --help)",
                "stop a b               | one word too many: 'b' (see ramzswap stop --help)",
                "swapon                 | Missing required parameter: 'NAME' (see ramzswap swapon --help)",
                "swapon a --size 5      | --size: 5 is not a multiple of the page size 4096: use 4096 or a unit, as in 512M"
                        + " (see ramzswap swapon --help)",
                "swapon a --export name=b,size=1G | NAME: none of the exports described is 'a' (see ramzswap swapon --help)",
                "swapon a --priority -1 | --priority: -1 is not from 0 to 32767 (see ramzswap swapon --help)",
                "swapon a --connections 17 | --connections: 17 is not from 1 to 16 (see ramzswap swapon --help)",
                "swapon a --request-timeout 0 | --request-timeout: 0 is not from 1 to 600 (see ramzswap swapon --help)",
                "swapon a --request-timeout 1.5s | Invalid value for option '--request-timeout': '1.5s' is not an int"
                        + " (see ramzswap swapon --help)",
                "swapon a --reconnect-timeout -1 | --reconnect-timeout: -1 is not from 0 to 86400 (see ramzswap swapon --help)",
                "status --name ../a     | Invalid value for option '--name': '../a' is not a name: use 1 to 64 letters,"
                        + " digits, '.', '_' or '-', of which the first is neither '.' nor '-', as in swap0"
                        + " (see ramzswap status --help)",
                "set                    | Missing required parameters: 'NAME', 'KEY=VALUE' (see ramzswap set --help)",
                "set a                  | Missing required parameter: 'KEY=VALUE' (see ramzswap set --help)",
                "set a size=1G          | size: cannot change while the daemon runs: give limit=SIZE or codec=CODEC (see ramzswap set --help)",
                "swapon a --size 1G --listen=h:1 | no option --listen=h:1: only serve has it (see ramzswap swapon --help)",
                "swapon a --size 1G --read-only | no option --read-only: only serve has it (see ramzswap swapon --help)",
                "status --size 1G       | no option --size: only serve and swapon have it (see ramzswap status --help)",
                "swapon a --device /dev/nbd | --device: '/dev/nbd' is no nbd device: give one such as /dev/nbd0"
                        + " (see ramzswap swapon --help)",
                "swapon a --export name=a,size=1G,read-only=yes | read-only: the kernel cannot swap to a then: leave it away"
                        + " (see ramzswap swapon --help)",
                "swapon a --size 1G --standby | no option --standby: only serve has it (see ramzswap swapon --help)",
                "set a limit=x          | limit: 'x' is not a size: write one such as 512M, 1.5G, 4G, 50% or min(ram/2, 8G) (see ramzswap set --help)",
            })
    void wrongUseIsStatus2(String line, String message) {
        run(line == null ? "" : line);
        assertFails(2, message);
    }

    /** It would be that of a file elsewhere: NAME.swap is removed. */
    @ParameterizedTest
    @ValueSource(strings = {"swapon", "swapon --size 1G", "swapoff", "status", "stop", "set"})
    void aPathIsNoName(String command) {
        run(command + " @/notes" + (command.equals("set") ? " limit=1G" : ""));
        assertEquals(2, status);
        assertTrue(err.contains(": '@/notes' is not a name: use 1 to 64 letters, digits, "), err);
        assertTrue(err.contains("NAME"), err);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "status             | nothing is served: start with ramzswap serve --size 1G",
                "status a           | no export 'a' is served: ramzswap status shows which are",
                "status --json a    | no export 'a' is served: ramzswap status shows which are",
                "status --name a    | no export 'a' is served: ramzswap status shows which are",
                "status --socket /s | --socket: nothing is served at /s: ramzswap status shows what is",
                "swapon a           | swapon needs root: sudo ramzswap swapon ...",
                "swapon a --size 1G | swapon needs root: sudo ramzswap swapon ...",
                "swapon a --size 1G --unsafe --reserve | swapon needs root: sudo ramzswap swapon ...",
                "swapoff a          | swapoff needs root: sudo ramzswap swapoff ...",
                "stop a             | no export 'a' is served: ramzswap status shows which are",
                "set a limit=1G     | no export 'a' is served: ramzswap status shows which are",
            })
    void whatCannotBeDoneIsStatus1(String line, String message) {
        run(line);
        assertFails(1, message);
    }

    /**
     * As of another user, or of a session that is over, or that begins only: then it is there a moment later. Nobody
     * may make anything in /proc.
     */
    @ParameterizedTest
    @CsvSource({
        "1, XDG_RUNTIME_DIR, /proc/no-session, /proc/no-session/ramzswap",
        "2, XDG_RUNTIME_DIR, /dev/null, /dev/null/ramzswap",
        "1, TMPDIR, /proc/no-session, /proc/no-session/ramzswap-65534",
        "1, RAMZSWAP_RUNTIME_DIR, /proc/no-session, /proc/no-session",
    })
    void aVariableThatNamesNoDirectoryOfOnesOwnIsNamed(int expected, String variable, String value, String path) {
        host = new Host(8L << 30, NOBODY, Map.of(variable, value));
        run("serve --size 16M --socket @/s");
        assertEquals(expected, status, err);
        assertTrue(err.startsWith("ramzswap: " + variable + ": cannot make " + path + " ("), err);
        assertTrue(err.contains(": set it to a directory of your own"), err);
        assertEquals(1, err.lines().count(), err);
    }

    @Test
    void soIsOneOfSomebodyElses() throws IOException {
        Files.createDirectory(temp.resolve("ramzswap"));
        host = new Host(8L << 30, NOBODY - 1, Map.of("XDG_RUNTIME_DIR", temp.toString()));
        run("serve --size 16M --socket @/s");
        assertFails(
                2,
                "XDG_RUNTIME_DIR: @/ramzswap belongs to somebody else or others may write to it: set it to a"
                        + " directory of your own (see ramzswap serve --help)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"status --json", "help status", "--version"})
    void wordsThatAreLostAreAnErrorUnlessNobodyWantsThem(String line) throws Exception {
        Process full = inProcess(line, new File("/dev/full"));
        assertEquals(1, full.waitFor());
        assertEquals("ramzswap: stdout is closed or full, and took not all of this: give another\n", said());
        Process unread = inProcess(line, null);
        unread.getInputStream().close(); // as head does when it has seen enough
        assertEquals(0, unread.waitFor());
        assertEquals("", said());
    }

    /** Somebody may read on. */
    @Test
    void wordsThatAPipeHasNoRoomForAreAnError() throws Exception {
        String script = "import os, subprocess, sys\n"
                + "reader, pipe = os.pipe()\n"
                + "os.set_blocking(pipe, False)\n" // so it is for who inherits it, too
                + "try:\n"
                + "    while True: os.write(pipe, bytes(4096))\n"
                + "except BlockingIOError: pass\n"
                + "sys.exit(subprocess.run(sys.argv[1:], stdout=pipe).returncode)\n";
        List<String> command = new ArrayList<>(List.of("python3", "-c", script));
        command.addAll(ChildJvm.of(Main.class, "help", "status").command());
        Process unread = new ProcessBuilder(command)
                .redirectError(temp.resolve("err").toFile())
                .start();
        assertEquals(1, unread.waitFor());
        assertEquals("ramzswap: stdout is closed or full, and took not all of this: give another\n", said());
    }

    /** @param stdout null for a pipe */
    private Process inProcess(String line, File stdout) throws IOException {
        ProcessBuilder builder = ChildJvm.of(Main.class, line.split(" "))
                .redirectErrorStream(false)
                .redirectError(temp.resolve("err").toFile());
        if (stdout != null) {
            builder.redirectOutput(stdout);
        }
        builder.environment().put("RAMZSWAP_RUNTIME_DIR", temp.resolve("run").toString());
        return builder.start();
    }

    private String said() throws IOException {
        return Files.readString(temp.resolve("err"));
    }

    @Test
    void nothingIsAnEmptyArray() {
        run("status --json");
        assertEquals("", err);
        assertEquals("[]\n", out);
        assertEquals(0, status);
    }
}
