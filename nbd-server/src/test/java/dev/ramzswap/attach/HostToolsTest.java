package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class HostToolsTest {
    private final HostTools tools = new HostTools("/usr/bin:/bin");

    @Test
    void findsProgramsAlsoWhereRootsAre() {
        assertTrue(tools.has("sh"));
        assertTrue(tools.has("mkswap"));
        assertFalse(tools.has("no-such-program"));
    }

    @Test
    void saysHowItEnded() throws Exception {
        Tools.Result result = tools.run(() -> {}, "sh", "-c", "echo one; echo two >&2; exit 3");
        assertEquals(new Tools.Result(3, "one\ntwo\n"), result);
        assertEquals("two", result.lastLine().orElseThrow());
        var failed = assertThrows(IOException.class, () -> tools.must("sh", "-c", "echo no; exit 1"));
        assertEquals("sh -c echo no; exit 1 failed: no", failed.getMessage());
        var silent = assertThrows(IOException.class, () -> tools.must("false"));
        assertEquals("false failed: exit status 1", silent.getMessage());
    }

    @Test
    void doesSomethingMeanwhile() throws Exception {
        var looks = new AtomicInteger();
        tools.must(looks::incrementAndGet, "sleep", "0.5");
        assertTrue(looks.get() > 0);
    }

    @Test
    void doesNotWaitForWhatStaysInTheBackground() throws Exception {
        Tools.Result result = tools.run(() -> {}, "sh", "-c", "sleep 20 & echo $!");
        assertEquals(0, result.status());
        ProcessHandle.of(Long.parseLong(result.output().strip())).ifPresent(ProcessHandle::destroy);
    }

    @Test
    void interruptedItEndsTheProgram() {
        Thread.currentThread().interrupt();
        assertThrows(InterruptedException.class, () -> tools.must("sleep", "23.42"));
        assertTrue(ProcessHandle.current()
                .children()
                .noneMatch(child -> child.info().commandLine().orElse("").contains("sleep 23.42")));
    }

    @Test
    void whatFailsMeanwhileEndsTheProgram() {
        var failed = assertThrows(IOException.class, () -> tools.must(HostToolsTest::fail, "sleep", "23.43"));
        assertEquals("no", failed.getMessage());
        assertTrue(ProcessHandle.current()
                .children()
                .noneMatch(child -> child.info().commandLine().orElse("").contains("sleep 23.43")));
    }

    private static void fail() throws IOException {
        throw new IOException("no");
    }

    @Test
    void readsNumbersOfTheKernelWhole() throws IOException {
        long most = new KernelFiles(Path.of("/")).number("/proc/sys/kernel/pid_max");
        assertTrue(most > 300, "proc(5): " + most);
    }
}
