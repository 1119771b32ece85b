package dev.ramzswap.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PhaseTest {
    @Test
    void takesTheDefaultDepthOrItsOwn() {
        assertEquals(new Phase(Phase.Kind.FILL, 64), Phase.parse("fill", 64));
        assertEquals(new Phase(Phase.Kind.READ, 1), Phase.parse("read@1", 64));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "write", "read@", "read@0", "read@513", "read@x", "@1"})
    void refusesWhatItIsNotAndSaysWhatItCouldBe(String text) {
        String message = assertThrows(IllegalArgumentException.class, () -> Phase.parse(text, 64))
                .getMessage();
        assertTrue(message.contains("'" + text + "'") && message.contains("rewrite"), message);
    }
}
