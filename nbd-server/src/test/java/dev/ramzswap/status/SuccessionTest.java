package dev.ramzswap.status;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.ramzswap.config.Host;
import dev.ramzswap.config.RuntimePath;
import dev.ramzswap.linux.ProcessId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SuccessionTest {
    private static final long PID = ProcessHandle.current().pid();
    private static final String END_BOTH = ": systemctl stop ramzswap@a ramzswap-standby@a ends both";

    @TempDir
    private Path temp;

    private Host host;
    private Path counters;

    @BeforeEach
    void makeRuntimeDirectory() throws IOException {
        Path run = temp.resolve("run");
        host = new Host(1L << 30, Host.current().uid(), Map.of(RuntimePath.VARIABLE, run.toString()));
        RuntimeDir.own(host).prepare(host);
        counters = Files.writeString(temp.resolve("a.counters"), "");
    }

    /** One that has the number of this process, and ended, unless it is this one. */
    private ExportEntry entry(long start, String ofCounters) {
        return new ExportEntry("a", PID, start, temp.resolve("c"), ofCounters, "", "", "", ExportEntry.SERVING);
    }

    private ExportEntry ended() {
        return entry(1, counters.toString());
    }

    private void serveNext() throws IOException {
        RuntimeDir.own(host).publish(entry(ProcessId.startOf(PID), counters.toString()));
    }

    @Test
    void anotherThatServesIsNamedWithWhatEndsIt() throws Exception {
        serveNext();
        String serves = "another daemon (pid " + PID + ") serves it now";
        assertEquals(
                Optional.of(serves + ": ramzswap stop a ends that one"), new Succession(ended(), false).text(host));
        assertEquals(Optional.of(serves + END_BOTH), new Succession(ended(), true).text(host));
    }

    /** As root's, which has the same name. */
    @Test
    void oneOfAnotherStateIsNoSuccessor() throws Exception {
        Path others = Files.writeString(temp.resolve("other.counters"), "");
        RuntimeDir.own(host).publish(entry(ProcessId.startOf(PID), others.toString()));
        assertEquals(Optional.empty(), new Succession(ended(), false).text(host));
    }

    /** Five seconds later. */
    @Test
    void systemdStartsAgainWhatItHas() throws Exception {
        assertEquals(
                Optional.of("systemd starts its daemon again" + END_BOTH), new Succession(ended(), true).text(host));
    }

    @Test
    void thereIsNothingToSayOtherwise() throws Exception {
        assertEquals(Optional.empty(), new Succession(ended(), false).text(host));
        serveNext();
        assertEquals(Optional.empty(), new Succession(entry(1, "/proc/1/fd/3"), false).text(host));
        var draining = ExportStatus.find(host, "a").orElseThrow();
        assertFalse(Succession.of(draining).isOfUnits());
        assertEquals(Optional.empty(), new Succession(draining.entry(), true).text(host));
    }
}
