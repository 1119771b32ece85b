package dev.ramzswap.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SizeTest {
    private static final long MEMORY = 8_000_000_000L;

    @ParameterizedTest
    @CsvSource({
        "4096, 4096",
        "4K, 4096",
        "512M, 536870912",
        "512m, 536870912",
        "4G, 4294967296",
        "4GiB, 4294967296",
        "4GB, 4294967296",
        "4Gi, 4294967296",
        "4gib, 4294967296",
        "1.5Gi, 1610612736",
        "1.5G, 1610612736",
        "1.3G, 1395863552",
        "8T, 8796093022208",
        "8.0T, 8796093022208",
    })
    void readsWhatPeopleWrite(String text, long bytes) {
        assertEquals(bytes, Size.parse(text, MEMORY));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ram               | 8000000000",
                "RAM/2             | 4000000000",
                "ram / 1.5         | 5333333333",
                "50%               | 4000000000",
                "12.5 %            | 1000000000",
                "200%              | 16000000000",
                "min(ram/2, 8G)    | 4000000000",
                "min( 50% , 1Gi )  | 1073741824",
                "Min(2G,1G)        | 1073741824",
            })
    void readsPartsOfTheMemory(String text, long bytes) {
        assertEquals(bytes / 4096 * 4096, Size.parse(text, MEMORY));
    }

    @ParameterizedTest
    @CsvSource({
        "'', not a size",
        "x, not a size",
        "-1G, not a size",
        "1 G, not a size",
        "1P, not a size",
        "%, not a size",
        "-5%, not a size",
        "ram*2, not a size",
        "ramp, not a size",
        "ram/0, divides by zero",
        "0%, too small",
        "'min(ram/2, 4096)', 4096 needs a unit",
        "'min(ram)', not a size",
        "'min(ram, 1X)', not a size",
        "'max(ram, 1G)', not a size",
        "G, not a size",
        "1e9, not a size",
        "0x1000, not a size",
        "0, too small",
        "0.0001K, too small",
        "0.5K, too small",
        "1K, use 4096",
        "4097, use 8192",
        "8796093026304, too large",
        "9T, too large",
        "999999999999999999T, too large",
        "99999999999999999999, too large",
    })
    void refusesWithTheCure(String text, String message) {
        var e = assertThrows(IllegalArgumentException.class, () -> Size.parse(text, MEMORY));
        assertTrue(e.getMessage().contains(message), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0B",
        "1023, 1023B",
        "1024, 1K",
        "4096, 4K",
        "1610612736, 1.5G",
        "123456789, 117.7M",
        "8796093022208, 8T",
        "9223372036854775807, 8388608T",
    })
    void writesTheLargestFittingUnit(long bytes, String text) {
        assertEquals(text, Size.format(bytes));
    }
}
