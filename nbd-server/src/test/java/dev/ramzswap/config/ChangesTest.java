package dev.ramzswap.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChangesTest {
    private static final long MEMORY = 8L << 30;

    @Test
    void readsAndWritesPairs() throws ConfigException {
        Changes changes = Changes.parse(List.of("codec=zstd:3", "limit=256M"), MEMORY);
        assertEquals("limit=268435456 codec=zstd:3", changes.toString());
        assertEquals(changes, Changes.parse(List.of(changes.toString().split(" ")), MEMORY));
    }

    /** The daemon is told bytes. */
    @Test
    void aLimitMayBeAPartOfTheMemory() throws ConfigException {
        assertEquals(
                "limit=" + (MEMORY / 4),
                Changes.parse(List.of("limit=25%"), MEMORY).toString());
    }

    @Test
    void aLimitMayBeTakenAway() throws ConfigException {
        Changes changes = Changes.parse(List.of("limit=none"), MEMORY);
        assertEquals("limit=none", changes.toString());
        assertEquals("no limit", changes.summary());
        assertEquals(changes, Changes.parse(List.of(changes.toString()), MEMORY));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "size=1G | size: cannot change while the daemon runs: give limit=SIZE or codec=CODEC",
                "colour=red | colour: is not a key: give limit=SIZE or codec=CODEC",
                "limit | limit: is not key=value: give limit=SIZE or codec=CODEC",
                "limit=0 | limit: 0 is too small: one page, 4096 bytes, is the least",
                "codec=xz | codec: 'xz' is not a codec: use lz4, zstd or zstd:LEVEL with LEVEL from 1 to 19",
            })
    void refusesWithTheCure(String pair, String message) {
        var e = assertThrows(ConfigException.class, () -> Changes.parse(List.of(pair), MEMORY));
        assertEquals(message, e.getMessage());
    }

    @Test
    void nothingIsTooLittle() {
        assertThrows(ConfigException.class, () -> Changes.parse(List.of(), MEMORY));
    }
}
