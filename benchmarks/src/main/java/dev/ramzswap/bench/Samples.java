package dev.ramzswap.bench;

import java.util.Arrays;

/** One figure, measured once in each round. */
final class Samples {
    private double[] values = new double[0];

    void add(double value) {
        values = Arrays.copyOf(values, values.length + 1);
        values[values.length - 1] = value;
    }

    double median() {
        double[] sorted = sorted();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    double min() {
        return sorted()[0];
    }

    double max() {
        return sorted()[values.length - 1];
    }

    /** This figure over another, round by round: what slows down a whole round cancels out. */
    Samples over(Samples other) {
        Samples ratios = new Samples();
        for (int i = 0; i < values.length; i++) {
            ratios.add(values[i] / other.values[i]);
        }
        return ratios;
    }

    private double[] sorted() {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted;
    }
}
