package dev.ramzswap.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Every rule of request validation, broken by nbdsh with its own checks switched off. */
class NbdshIT {
    /** A python3 of a user's own, which may come first elsewhere, does not know Debian's modules. */
    static final String DEBIANS_PATH = "/usr/bin:/bin";

    private static DaemonProcess daemon;

    @BeforeAll
    static void serve(@TempDir Path directory) throws Exception {
        daemon = DaemonProcess.start(
                directory, "--export", "name=rw,size=64M", "--export", "name=ro,size=64M,read-only=yes");
    }

    @AfterAll
    static void stop() throws Exception {
        daemon.close();
    }

    @TestFactory
    List<DynamicTest> requestValidation() throws Exception {
        Path script = Launcher.suite("request-validation.py");
        Map<String, String> variables =
                Map.of("PATH", DEBIANS_PATH, "SOCKET", daemon.socket().toString());
        try (Tool nbdsh = Tool.start(variables, "nbdsh", "-n", "-c", "exec(open('" + script + "').read())")) {
            Tool.Result result = nbdsh.await().expect(0);
            assertFalse(result.out().isEmpty());
            return result.out().lines().map(NbdshIT::test).toList();
        }
    }

    /** @param line rule TAB expected TAB answered */
    private static DynamicTest test(String line) {
        String[] fields = line.split("\t");
        return DynamicTest.dynamicTest(fields[0], () -> assertEquals(fields[1], fields[2]));
    }
}
