package dev.ramzswap.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LatencyHistogramTest {
    @Test
    void percentilesAreThoseOfTheSortedValuesToOnePercent() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        LatencyHistogram histogram = new LatencyHistogram();
        long[] nanos = new long[100_000];
        for (int i = 0; i < nanos.length; i++) {
            nanos[i] = (long) Math.exp(random.nextDouble() * 20);
            histogram.record(nanos[i]);
        }
        Arrays.sort(nanos);
        for (double share : new double[] {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1}) {
            double expected = nanos[(int) Math.ceil(nanos.length * share) - 1];
            assertEquals(expected, histogram.micros(share) * 1000, expected / 100, "seed " + seed + ", share " + share);
        }
    }

    @Test
    void holdsWhatIsBelowAndAboveItsRange() {
        LatencyHistogram histogram = new LatencyHistogram();
        histogram.record(-5);
        histogram.record(Long.MAX_VALUE);
        assertEquals(0, histogram.micros(0.5));
        assertEquals(1L << 40, histogram.micros(1) * 1000, (1L << 40) / 100.0);
    }

    @Test
    void addsUpAnother() {
        LatencyHistogram one = new LatencyHistogram();
        LatencyHistogram other = new LatencyHistogram();
        one.record(1000);
        other.record(3000);
        other.record(3000);
        one.add(other);
        assertEquals(1.0, one.micros(0.3), 0.01);
        assertEquals(3.0, one.micros(0.5), 0.03);
    }

    @Test
    void isZeroWhenEmpty() {
        assertEquals(0, new LatencyHistogram().micros(0.5));
    }
}
