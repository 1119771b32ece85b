package dev.ramzswap.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Who may open what by a Unix socket that everybody can connect to. To be somebody else, a client needs root's rights.
 */
class AccessIT {
    private static final boolean IS_ROOT = System.getProperty("user.name").equals("root");

    @TempDir
    private Path directory;

    @BeforeEach
    void everybodyMayEnter() throws Exception {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** As a user and a group by their numbers, if this is root. */
    private static Tool.Result nbdinfo(int user, int group, String... arguments) throws Exception {
        List<Object> words = new ArrayList<>();
        if (IS_ROOT) {
            words.addAll(List.of("setpriv", "--reuid", user, "--regid", group, "--clear-groups", "--"));
        }
        words.add("nbdinfo");
        words.addAll(List.of(arguments));
        return Tool.runToEnd(words.toArray());
    }

    @Test
    void onlyThoseOnTheListSeeAndOpenAnExport() throws Exception {
        try (DaemonProcess daemon = DaemonProcess.start(
                directory,
                "--export",
                "name=own,size=1M",
                "--export",
                "name=shared,size=2M,allow-users=4711,allow-groups=4712")) {
            Files.setPosixFilePermissions(daemon.socket(), PosixFilePermissions.fromString("rw-rw-rw-"));
            for (int[] listed : new int[][] {{4711, 1}, {4713, 4712}}) {
                nbdinfo(listed[0], listed[1], daemon.uri("shared")).expect(0);
            }
            // Who is not root cannot be another one, and is the daemon's own user.
            int stranger = IS_ROOT ? 1 : 0;
            assertEquals(stranger, nbdinfo(4711, 1, daemon.uri("own")).exit());
            assertEquals(stranger, nbdinfo(4713, 1, daemon.uri("shared")).exit());
            String list = nbdinfo(4711, 1, "--list", daemon.uri()).expect(0).out();
            assertTrue(list.contains("shared"), list);
            assertEquals(IS_ROOT, !list.contains("own"), list);
            Tool.run("nbdinfo", daemon.uri("own"));
            daemon.stop();
            assertEquals(IS_ROOT, daemon.output().contains("may not open export own"), daemon.output());
        }
    }

    @Test
    void theSocketIsForTheDaemonsUserAlone() throws Exception {
        try (DaemonProcess daemon = DaemonProcess.start(directory, "--size", "1M")) {
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(daemon.socket())));
            if (IS_ROOT) {
                Tool.Result refused = nbdinfo(4711, 1, daemon.uri());
                assertNotEquals(0, refused.exit(), refused::toString);
                daemon.stop();
                assertFalse(daemon.output().contains("may not open"), "the kernel refuses it");
            }
        }
    }
}
