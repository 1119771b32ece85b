package dev.ramzswap.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class StderrLogsTest {
    private static String logged(boolean journal, Consumer<System.Logger> messages) {
        var bytes = new ByteArrayOutputStream();
        LogQueue queue = new LogQueue(bytes, "");
        messages.accept(new StderrLogs.Logger("x", queue, journal));
        queue.flush(Duration.ofSeconds(10));
        return bytes.toString();
    }

    @Test
    void oneTerseLine() {
        assertEquals("ramzswap: hello\n", logged(false, log -> log.log(Level.INFO, "hello")));
        assertEquals("ramzswap: warning: a 1 b\n", logged(false, log -> log.log(Level.WARNING, "a {0} b", 1)));
        assertEquals(
                "ramzswap: error: no: java.io.IOException: why\n",
                logged(false, log -> log.log(Level.ERROR, "no", new IOException("why"))));
        assertEquals("", logged(false, log -> log.log(Level.DEBUG, "detail")));
    }

    @Test
    void theJournalGetsLevels() {
        assertEquals("<6>hello\n", logged(true, log -> log.log(Level.INFO, "hello")));
        assertEquals("<4>hello\n", logged(true, log -> log.log(Level.WARNING, "hello")));
        assertEquals("<3>hello\n", logged(true, log -> log.log(Level.ERROR, "hello")));
    }

    @Test
    void bugsShowWhere() {
        String text = logged(false, log -> log.log(Level.ERROR, "bug", new IllegalStateException("x")));
        assertTrue(text.contains("ramzswap: error:   at "), text);
    }

    @Test
    void itIsTheLoggerOfThisProgram() {
        assertTrue(System.getLogger("dev.ramzswap.any") instanceof StderrLogs.Logger);
    }
}
