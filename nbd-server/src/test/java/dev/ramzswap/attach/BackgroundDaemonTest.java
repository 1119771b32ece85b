package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.config.Host;
import dev.ramzswap.config.RuntimePath;
import dev.ramzswap.linux.ProcessId;
import dev.ramzswap.status.ExportEntry;
import dev.ramzswap.status.ProgressLine;
import dev.ramzswap.status.RuntimeDir;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BackgroundDaemonTest {
    /** Says by which words it was run, one on a line. */
    public static final class Echo {
        public static void main(String[] args) throws IOException {
            BackgroundDaemon.ownCommand(args.length).forEach(System.out::println);
        }
    }

    @TempDir
    private Path temp;

    private final StringWriter out = new StringWriter();
    private boolean isKilled;
    private boolean isOver = true;
    private boolean canBeEnded = true;

    /** Of the launcher that is interrupted. */
    private final AtomicLong sessionOf = new AtomicLong();

    /** A shell instead of a daemon. */
    private final class Shell implements Launcher {
        @Override
        public List<String> words(List<String> command, Path log) {
            return command;
        }

        @Override
        public boolean end(Process words) throws IOException {
            if (!canBeEnded) {
                throw new IOException("cannot read the runtime directory");
            }
            isKilled = true;
            words.destroyForcibly();
            return isOver;
        }
    }

    private Host host() throws IOException {
        return new Host(16L << 30, Host.current().uid(), Map.of(RuntimePath.VARIABLE, temp.toString()));
    }

    private String failure(String script) throws IOException {
        var progress = new ProgressLine(new PrintWriter(out), true);
        var daemon = new BackgroundDaemon(host(), List.of("sh", "-c", script), "swap0", new Shell(), progress);
        return assertThrows(IOException.class, daemon::start).getMessage().replace(temp.toString(), "@");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "echo 'ramzswap: warning: something'; exit 1 | it ended with status 1: see @/swap0.log",
                "echo 'ramzswap: goes on'; exit 3 | it ended with status 3: see @/swap0.log",
                "echo 'ramzswap: goes on'; kill -KILL $$ | it was killed by signal 9: see @/swap0.log",
                "echo 'ramzswap: goes on'; echo 'ramzswap: no room'; exit 2 | no room",
                "echo 'Failed to start transient service unit: x'; exit 1 | Failed to start transient service unit: x",
                "echo 'Job for a.service failed.'; exit 1 | Job for a.service failed. See @/swap0.log",
                "echo 'ramzswap: no room'; echo 'Job for a.service failed.'; exit 1 | no room",
                "echo 'ramzswap: goes on'; echo 'Job for a.service canceled.'; exit 1 | Job for a.service canceled.",
                "echo \"A dependency job for a.service failed. See 'x'.\"; exit 1"
                        + "| A dependency job for a.service failed. See 'x'.",
            })
    void saysWhyADaemonEnded(String script, String why) throws IOException {
        assertEquals("the daemon did not start: " + why, failure(script));
    }

    /** Launching fails when another daemon has the name, which is what would be killed then. */
    @ParameterizedTest
    @CsvSource({
        "exit 0, true",
        "exit 1, false",
        "kill -TERM $$, true",
        "echo 'Failed to start transient service unit: x'; exit 1, false",
    })
    void whatWasNotStartedIsNotKilled(String script, boolean expected) throws IOException {
        failure(script);
        assertEquals(expected, isKilled);
    }

    /** As by logrotate. */
    @ParameterizedTest
    @CsvSource({"truncate -s 0", "rm"})
    void aServiceWhoseLogIsGoneIsNotLeftEither(String rotate) throws IOException {
        Path log = Files.writeString(temp.resolve("swap0.log"), "ramzswap: of an earlier daemon\n");
        failure(rotate + " '" + log + "'; exit 1");
        assertTrue(isKilled);
    }

    @Test
    void saysOfADaemonThatOthersHaveThatItGoesOn() throws IOException {
        isOver = false;
        failure("exit 0");
        String said = "swap0: the daemon was told to end, and goes on for who is attached: ramzswap status\n";
        assertTrue(out.toString().contains(said), out.toString());
    }

    @Test
    void thatItCannotBeEndedDoesNotHideWhyItDidNotStart() throws IOException {
        canBeEnded = false;
        String why = "the daemon did not start: it ended with status 0: see @/swap0.log";
        assertEquals(why, failure("exit 0"));
    }

    /** By its status, systemd may be about to start it again. */
    @Test
    void aServiceThatFailedIsNotLeftToBeginAnew() throws IOException {
        failure("echo 'Job for a.service failed.'; exit 1");
        assertTrue(isKilled);
    }

    @Test
    @Timeout(60)
    void whatSystemdStartsAgainMeanwhileIsToldToEndAsWell() throws Exception {
        Path told = temp.resolve("told");
        program("systemctl", """
                case "$1 $2" in
                "kill --signal=TERM") echo told >>'%1$s' ;;
                "show --property=ActiveState") test $(wc -l <'%1$s') = 2 && echo inactive || echo activating ;;
                esac""".formatted(told));
        var launcher = new TransientService(
                "a",
                List.of(),
                Successor.OF_DEAD,
                List.of(),
                Map.of(),
                new HostTools(temp.toString()),
                Duration.ofSeconds(30));
        launcher.end(new ProcessBuilder("true").start());
        assertEquals(List.of("told", "told"), Files.readAllLines(told));
    }

    @Test
    @Timeout(60)
    void oneThatIsEndedMayTidyUp() throws Exception {
        Path tidied = temp.resolve("tidied");
        String script = "trap \"touch '" + tidied + "'; exit 0\" TERM; echo started; while :; do sleep 0.01; done";
        var session = new Launcher.OwnSession(host());
        List<String> words = session.words(List.of("sh", "-c", script), temp.resolve("log"));
        Process process = new ProcessBuilder(words).start();
        try (var lines = process.inputReader(StandardCharsets.UTF_8)) {
            assertEquals("started", lines.readLine());
            session.end(process);
            process.waitFor();
            assertTrue(Files.exists(tidied));
        } finally {
            process.destroyForcibly();
        }
    }

    /** Where there is no systemd. It has several exports, and others are attached to one of them. */
    @ParameterizedTest
    @CsvSource({"serving, false", "starting, true"})
    @Timeout(60)
    void oneThatServesIsNotKilled(String state, boolean isKilled) throws Exception {
        var session = new Launcher.OwnSession(host(), Duration.ZERO);
        Process process = new ProcessBuilder("sh", "-c", "trap '' TERM; echo started; exec sleep 60").start();
        try (var lines = process.inputReader(StandardCharsets.UTF_8)) {
            assertEquals("started", lines.readLine());
            Files.createFile(temp.resolve("counters"));
            RuntimeDir.own(host()).claim(List.of(entry(process.pid(), state)));
            assertEquals(isKilled, session.end(process));
            assertEquals(isKilled, process.waitFor(isKilled ? 30_000 : 0, TimeUnit.MILLISECONDS));
        } finally {
            process.destroyForcibly();
        }
    }

    private ExportEntry entry(long pid, String state) {
        String counters = temp.resolve("counters").toString();
        return new ExportEntry("other", pid, ProcessId.startOf(pid), temp.resolve("c"), counters, "", "", "", state);
    }

    @Test
    @Timeout(60)
    void showsWhatADaemonSaysThatStarts() throws IOException {
        Path shown = temp.resolve("shown");
        Thread.ofPlatform()
                .daemon()
                .start(() -> makeWhenShown(shown, "\r\033[Kswap0: the daemon starts: 12 % are read"));
        failure("echo 'ramzswap: 12 % are read'; until test -e '" + shown + "'; do sleep 0.01; done; exit 1");
        assertTrue(out.toString().endsWith("\r\033[K"), out.toString());
    }

    private void makeWhenShown(Path file, String text) {
        try {
            while (!out.toString().contains(text)) {
                Thread.sleep(10);
            }
            Files.createFile(file);
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * As Ctrl-C does; the launcher is not in the terminal's process group, or it would end by that, and leave the
     * daemon.
     */
    @ParameterizedTest
    @CsvSource({"inactive, false", "activating, true", "active, false"})
    @Timeout(60)
    void whoIsInterruptedEndsWhatSystemdStarts(String state, boolean isKilled) throws Exception {
        Path ran = temp.resolve("ran");
        program("systemd-run", "echo $$ >'%1$s'.new; mv '%1$s'.new '%1$s'; exec sleep 60".formatted(ran));
        String answer =
                "case $2 in --property=Job) echo 4711 ;; --property=ActiveState) echo %s ;; esac".formatted(state);
        program("systemctl", "echo \"$*\" >>'%s'; %s".formatted(ran, answer));
        String path = temp + ":" + System.getenv("PATH");
        Map<String, String> variables = Map.of(RuntimePath.VARIABLE, temp.toString(), "PATH", path);
        var launcher = new TransientService(
                "swap0", List.of(), Successor.NONE, List.of(), variables, new HostTools(path), Duration.ZERO);
        var host = new Host(16L << 30, Host.current().uid(), variables);
        var daemon = new BackgroundDaemon(host, List.of("serve"), "swap0", launcher, TestDaemon.QUIET);
        Thread waiting = Thread.currentThread();
        Thread.ofPlatform().daemon().start(() -> interruptWhenThere(ran, waiting));
        assertThrows(InterruptedException.class, daemon::start);
        List<String> lines = Files.readAllLines(ran);
        String unit = "ramzswap-serve-swap0.service";
        assertEquals(
                List.of(
                        "show --property=Job --value " + unit,
                        "cancel 4711",
                        "show --property=ActiveState --value " + unit,
                        "kill --signal=TERM " + unit),
                lines.subList(1, 5));
        assertEquals(isKilled, lines.getLast().equals("kill --signal=KILL " + unit), lines::toString);
        long launched = Long.parseLong(lines.getFirst());
        assertEquals(launched, sessionOf.get());
        ProcessHandle.of(launched).ifPresent(process -> process.onExit().join());
    }

    private void program(String name, String script) throws IOException {
        Path file = Files.writeString(temp.resolve(name), "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    }

    private void interruptWhenThere(Path file, Thread waiting) {
        try {
            while (!Files.exists(file)) {
                Thread.sleep(10);
            }
            String pid = Files.readString(file).strip();
            String stat = Files.readString(Path.of("/proc", pid, "stat"));
            sessionOf.set(Long.parseLong(stat.substring(stat.lastIndexOf(')')).split(" ")[4]));
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        } finally {
            waiting.interrupt();
        }
    }

    @Test
    void knowsTheWordsThatRanIt() throws Exception {
        var own = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx32m",
                "-cp",
                System.getProperty("java.class.path"),
                Echo.class.getName());
        var words = new ArrayList<>(own);
        words.addAll(List.of("swapon", "a b", ""));
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(own, said.lines().toList());
        assertEquals(0, process.waitFor());
    }

    /** Where it logs is in a directory that root does not own. */
    @Test
    void writesNothingThroughALinkOfSomebodyElses(@TempDir Path temp) throws Exception {
        Path run = Files.createDirectory(temp.resolve("run"));
        Path victim = Files.writeString(temp.resolve("victim"), "precious\n");
        Files.createSymbolicLink(run.resolve("swap0.log"), victim);
        Host host = new Host(1L << 30, Host.current().uid() + 1, Map.of(RuntimePath.VARIABLE, run.toString()));
        var daemon =
                new BackgroundDaemon(host, List.of("sh", "-c", "echo written"), "swap0", new Shell(), TestDaemon.QUIET);
        assertThrows(IOException.class, daemon::start);
        assertEquals("precious\n", Files.readString(victim));
    }
}
