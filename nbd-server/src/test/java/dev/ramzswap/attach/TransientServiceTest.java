package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.config.Config;
import dev.ramzswap.config.ConfigException;
import dev.ramzswap.config.Host;
import dev.ramzswap.config.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What a machine with systemd makes of the words is tested there: e2e/systemd-guest. */
class TransientServiceTest {
    private static final Map<String, String> VARIABLES =
            Map.of("RAMZSWAP_RUNTIME_DIR", "/run/a b", "LC_ALL", "C", "SECRET", "x");

    private final List<String> words = words(Successor.NONE);

    private static List<String> words(Successor successor) {
        return new TransientService(
                        "a",
                        List.of("/opt/my java/java", "-Dx=$1"),
                        successor,
                        List.of(Path.of("/mnt/a \"b\" \\c")),
                        VARIABLES,
                        new HostTools(""),
                        Duration.ZERO)
                .words(List.of("/opt/my java/java", "-Dx=$1", "serve", "--name", "a b"), Path.of("/var/log/r/a.log"));
    }

    @Test
    void systemdExpandsNothingOfTheCommand() {
        int command = words.indexOf("--") + 1;
        assertEquals(
                List.of("/opt/my java/java", "-Dx=$$1", "serve", "--name", "a b"),
                words.subList(command, words.size()));
    }

    @Test
    void wordsOfASettingAreQuoted() {
        assertTrue(
                words.contains("--property=RequiresMountsFor=\"/var/log/r\" \"/mnt/a \\\"b\\\" \\\\c\""),
                words.toString());
        assertTrue(
                words.contains("--property=ExecStop=\"/bin/sh\" \"-c\" \"! printenv MAINPID >/dev/null ||"
                        + " exec '/opt/my java/java' '-Dx=$$1' 'swapoff' 'a'\""),
                words.toString());
    }

    @Test
    void onlyVariablesThatItNeedsAreShownToAll() {
        assertTrue(words.contains("--setenv=RAMZSWAP_RUNTIME_DIR=/run/a b"), words.toString());
        assertTrue(words.contains("--setenv=LC_ALL=C"), words.toString());
        assertFalse(words.toString().contains("SECRET"), words.toString());
    }

    /** To end one would throw away all that programs have there, and it may go on. */
    @Test
    void aDaemonThatHangsIsEndedOnlyIfTheNextOneHasItsPages() {
        List<String> watched = List.of(
                "--property=WatchdogSec=30s", "--property=WatchdogSignal=SIGKILL", "--property=Restart=on-watchdog");
        List<String> hung = words(Successor.OF_HUNG);
        assertTrue(hung.containsAll(watched), hung.toString());
        String notWatched = words(Successor.OF_DEAD).toString() + words;
        assertFalse(notWatched.matches(".*(Watchdog[A-Za-z]*|Restart)=.*"), notWatched);
    }

    /** 3 is what ExitOnOutOfMemoryError ends by, 1 what HotSpot does when it fails itself: CrashIT. */
    @Test
    void oneThatTheJvmEndsBeginsAnewIfTheNextOneHasItsPages() {
        String forced = "--property=RestartForceExitStatus=1 3 SIGABRT SIGSEGV SIGBUS";
        assertTrue(words(Successor.OF_DEAD).contains(forced));
        assertTrue(words(Successor.OF_HUNG).contains(forced));
        assertFalse(words.toString().contains("RestartForceExitStatus"), words.toString());
    }

    /**
     * What keeps it from its pages may pass, as want of memory; by default, systemd gives up after 5 starts in 10 s.
     */
    @ParameterizedTest
    @EnumSource(names = {"OF_DEAD", "OF_HUNG"})
    void oneThatBeginsAnewIsNotGivenUp(Successor successor) {
        List<String> tried = words(successor);
        assertTrue(
                tried.containsAll(List.of("--property=StartLimitIntervalSec=0", "--property=RestartSec=1s")),
                tried.toString());
    }

    /** It hangs for up to 30 s, and the next one takes its time to begin. */
    @ParameterizedTest
    @CsvSource({
        "true, false, 60, 1, OF_HUNG",
        "false, false, 60, 1, NONE",
        "true, true, 60, 1, OF_DEAD",
        "true, false, 59, 1, OF_DEAD",
        "true, false, 60, 2, OF_DEAD",
    })
    void oneThatHangsIsEndedOnlyIfEveryDeviceWaitsForTheNextOne(
            boolean hasState, boolean isByNbdClient, int reconnectSeconds, int exports, Successor expected)
            throws ConfigException {
        var settings = new Settings();
        for (int i = 0; i < exports; i++) {
            settings.export("name=" + "ab".charAt(i) + ",size=16M");
        }
        if (hasState) {
            settings.flag("state-dir", "/run/ramzswap/state");
        }
        Config daemon = Config.of(settings, new Host(1L << 30, 0, VARIABLES));
        Optional<Duration> reconnect = Optional.of(Duration.ofSeconds(reconnectSeconds));
        var request = new SwapRequest(
                "a",
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                isByNbdClient,
                Optional.empty(),
                reconnect,
                false,
                true,
                false);
        assertEquals(expected, request.successor(daemon));
    }

    /** At 0, the kernel would hand a core dump to a program all the same, and keep the daemon's locks meanwhile. */
    @Test
    void noCoreDumpIsWaitedFor() {
        assertTrue(words.contains("--property=LimitCORE=1"), words.toString());
    }

    /** What it says itself is better, and who ended in order needs none. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "none",
            value = {
                "KILL | ramzswap: it ended with signal KILL: journalctl -u ramzswap-serve-a.service says more",
                "203 | ramzswap: it ended with status 203: journalctl -u ramzswap-serve-a.service says more",
                "0 | ''",
                "1 | ramzswap: warning: it ended with status 1: if nothing before says why, Java itself has failed",
                "2 | ''",
                "none | ''",
            })
    void itsLastWordIsHowItEndedUnlessItSaidSo(String status, String said) throws IOException {
        var builder = new ProcessBuilder("/bin/sh", "-c", lastWord());
        if (status != null) {
            builder.environment().put("EXIT_STATUS", status);
        }
        try (var output = builder.redirectErrorStream(true).start().inputReader()) {
            assertEquals(said, String.join("\n", output.readAllLines()));
        }
    }

    /** Systemd 252 puts backslashes before dollar and semicolon. */
    private String lastWord() {
        String begin = "--property=ExecStopPost=\"/bin/sh\" \"-c\" \"";
        String word =
                words.stream().filter(one -> one.startsWith(begin)).findFirst().orElseThrow();
        String script = word.substring(begin.length(), word.length() - 1);
        assertFalse(script.matches(".*[$;\"\\\\].*"), script);
        return script;
    }
}
