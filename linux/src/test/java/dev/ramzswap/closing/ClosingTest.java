package dev.ramzswap.closing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class ClosingTest {
    @Test
    void theFailureStaysWhatItWas() {
        var failure = new IOException("first");
        var second = new IllegalStateException("second");

        Closing.after(failure, () -> {
            throw second;
        });
        Closing.after(failure, () -> {});

        assertArrayEquals(new Throwable[] {second}, failure.getSuppressed());
    }

    @Test
    void nobodyHearsOfWhatIsGone() {
        var closed = new int[1];

        Closing.quietly(() -> {
            closed[0]++;
            throw new IOException("gone");
        });

        assertEquals(1, closed[0]);
    }
}
