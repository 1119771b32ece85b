package dev.ramzswap.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine.ExitCode;

/** Where the package's units and the command line must agree. */
class UnitsTest {
    private static final Path UNITS = Path.of("../systemd/units");

    private static List<String> lines(String unit) throws IOException {
        return Files.readAllLines(UNITS.resolve(unit));
    }

    @ParameterizedTest
    @CsvSource({"ramzswap@, ramzswap-standby@", "ramzswap-standby@, ramzswap@"})
    void aDaemonThatIsConfiguredWronglyIsNotStartedAgainAndAReloadReachesBoth(String unit, String other)
            throws IOException {
        List<String> guard = lines(unit + ".service.d/10-guard.conf");
        assertTrue(guard.contains("Restart=always"), guard::toString);
        assertTrue(guard.contains("RestartPreventExitStatus=" + ExitCode.USAGE), guard::toString);
        List<String> own = lines(unit + ".service");
        assertTrue(own.contains("PropagatesReloadTo=" + other + "%i.service"), own::toString);
    }
}
