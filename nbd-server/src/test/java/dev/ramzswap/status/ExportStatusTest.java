package dev.ramzswap.status;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.config.Host;
import dev.ramzswap.config.RuntimePath;
import dev.ramzswap.linux.ProcessId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Daemons whose counters are not there, or not to be read, beside others. */
class ExportStatusTest {
    @TempDir
    private Path temp;

    private Host host;
    private RuntimeDir dir;

    @BeforeEach
    void prepare() throws IOException {
        Map<String, String> variables =
                Map.of(RuntimePath.VARIABLE, temp.resolve("run").toString());
        host = new Host(1L << 30, Host.current().uid(), variables);
        dir = RuntimeDir.own(host);
        dir.prepare(host);
    }

    private void publish(String name, Path counters) throws IOException {
        long pid = ProcessHandle.current().pid();
        long start = ProcessId.startOf(pid);
        dir.publish(new ExportEntry(name, pid, start, dir.control(pid), "", "/s", "", "", ExportEntry.STARTING)
                .serving(counters));
    }

    @Test
    void aDaemonThatHasEndedSinceIsLeftOut() throws IOException {
        publish("ended", Path.of("/proc/self/fd/99999"));
        assertEquals(List.of(), ExportStatus.all(host));
        assertEquals(Optional.empty(), ExportStatus.find(host, "ended"));
    }

    @Test
    void oneOfAnotherVersionIsShownWithoutCountersAndSaysWhyWhenTheyAreNeeded() throws IOException {
        Path other = Files.writeString(temp.resolve("other"), "of another version");
        publish("other", other);
        ExportStatus found = ExportStatus.all(host).getFirst();
        assertEquals(Optional.empty(), found.counters());
        String message = assertThrows(IOException.class, found::size).getMessage();
        assertTrue(message.startsWith(other + " is not a counters file"), message);
    }
}
