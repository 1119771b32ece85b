package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class UndoTest {
    private final StringWriter out = new StringWriter();
    private final List<String> undone = new ArrayList<>();

    /** As by SIGTERM, which is why it takes back at all. */
    @Test
    void anInterruptEndsNoStep() {
        try (Undo undo = new Undo(new PrintWriter(out))) {
            undo.add(() -> step("first"), "");
            undo.add(() -> step("second"), "");
            Thread.currentThread().interrupt();
        }
        assertTrue(Thread.interrupted(), "who is asked next knows it again");
        assertEquals(List.of("second", "first"), undone);
        assertEquals("", out.toString());
    }

    private void step(String name) throws InterruptedException {
        Thread.sleep(1); // as whoever waits for something
        undone.add(name);
    }

    @Test
    void saysWhyAStepFailedThatGivesNoReason() {
        try (Undo undo = new Undo(new PrintWriter(out))) {
            undo.add(
                    () -> {
                        throw new IOException();
                    },
                    "ramzswap stop swap0");
        }
        assertEquals("could not be undone: java.io.IOException: ramzswap stop swap0\n", out.toString());
    }
}
