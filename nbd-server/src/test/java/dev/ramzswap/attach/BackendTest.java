package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ramzswap.linux.ProcessId;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BackendTest {
    @Test
    void itsTextSaysAllOfIt() {
        Backend backend = new Backend("swap-0.a", -2, 16, new ProcessId(4711, 815));
        assertEquals("ramzswap:swap-0.a:fffffffffffffffe:16:4711:815", backend.toString());
        assertEquals(Optional.of(backend), Backend.parse(backend.toString()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "rbd/image",
                "ramzswap:a:0123456789abcdef",
                "ramzswap:a:0123456789abcdef:1",
                "ramzswap:a:0123456789abcdef:1:2",
                "ramzswap::0123456789abcdef:1:2:3",
                "ramzswap:a:0123456789abcde:1:2:3",
                "ramzswap:a:0123456789abcdef:12345:2:3",
                "ramzswap:a:0123456789abcdef:1:1234567890:3",
                "ramzswap:a:0123456789abcdef:1:2:3 ",
            })
    void otherTextIsNotOurs(String text) {
        assertEquals(Optional.empty(), Backend.parse(text));
    }
}
