package dev.ramzswap.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class SamplesTest {
    private static Samples of(double... values) {
        Samples samples = new Samples();
        for (double value : values) {
            samples.add(value);
        }
        return samples;
    }

    @Test
    void medianIsTheMiddleOneOrBetweenTheMiddleTwo() {
        assertEquals(2, of(9, 1, 2).median());
        assertEquals(3, of(9, 1, 2, 4).median());
    }

    @Test
    void spreadIsLowestAndHighest() {
        Samples samples = of(5, 1, 9);
        assertEquals(1, samples.min());
        assertEquals(9, samples.max());
    }

    @Test
    void ratiosAreTakenRoundByRound() {
        Samples ratios = of(10, 40, 30).over(of(10, 20, 10));
        assertEquals(1, ratios.min());
        assertEquals(2, ratios.median());
        assertEquals(3, ratios.max());
    }
}
