package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a machine with systemd makes of the words is tested there: e2e/systemd-guest. */
class TransientServiceTest {
    private static final Map<String, String> VARIABLES =
            Map.of("RAMZSWAP_RUNTIME_DIR", "/run/a b", "LC_ALL", "C", "SECRET", "x");

    private final List<String> words = new TransientService(
                    "a", List.of("/opt/my java/java", "-Dx=$1"), List.of(Path.of("/mnt/a \"b\" \\c")), VARIABLES)
            .words(List.of("/opt/my java/java", "-Dx=$1", "serve", "--name", "a b"), Path.of("/var/log/r/a.log"));

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
}
