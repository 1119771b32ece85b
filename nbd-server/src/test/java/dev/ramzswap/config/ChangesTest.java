package dev.ramzswap.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChangesTest {
    @Test
    void readsAndWritesPairs() throws ConfigException {
        Changes changes = Changes.parse(List.of("codec=zstd:3", "limit=256M"));
        assertEquals("limit=268435456 codec=zstd:3", changes.toString());
        assertEquals(changes, Changes.parse(List.of(changes.toString().split(" "))));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "size=1G | size: can be set are limit=SIZE and codec=CODEC",
                "limit | limit: can be set are limit=SIZE and codec=CODEC",
                "limit=0 | limit: 0 is too small: one page, 4096 bytes, is the least",
                "codec=xz | codec: 'xz' is not a codec: use lz4, zstd or zstd:LEVEL with LEVEL from 1 to 19",
            })
    void refusesWithTheCure(String pair, String message) {
        var e = assertThrows(ConfigException.class, () -> Changes.parse(List.of(pair)));
        assertEquals(message, e.getMessage());
    }

    @Test
    void nothingIsTooLittle() {
        assertThrows(ConfigException.class, () -> Changes.parse(List.of()));
    }
}
