package dev.ramzswap.guard;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class ProcessGuardTest {
    @Test
    void theSecondLifeHasAllWordsOfTheFirstTheEmptyOnesToo() {
        assertEquals(
                List.of("@java", "serve", "", "--backing-file", ""),
                ProcessGuard.spared("java\0serve\0\0--backing-file\0\0"));
    }
}
