package dev.ramzswap.bench;

import java.util.List;
import java.util.Locale;

/**
 * What came of a phase.
 *
 * @param operations that were counted (none of the warm-up)
 * @param seconds in which they were done
 * @param mismatches pages that did not read back as written
 * @param errors error replies
 */
record PhaseResult(long operations, double seconds, LatencyHistogram latency, long mismatches, long errors) {
    /** All connections of a phase, which ran side by side. */
    static PhaseResult sum(List<PhaseResult> parts) {
        long operations = 0;
        double seconds = 0;
        long mismatches = 0;
        long errors = 0;
        LatencyHistogram latency = new LatencyHistogram();
        for (PhaseResult part : parts) {
            operations += part.operations;
            seconds = Math.max(seconds, part.seconds);
            latency.add(part.latency);
            mismatches += part.mismatches;
            errors += part.errors;
        }
        return new PhaseResult(operations, seconds, latency, mismatches, errors);
    }

    double perSecond() {
        return seconds > 0 ? operations / seconds : 0;
    }

    boolean clean() {
        return mismatches == 0 && errors == 0;
    }

    String line(Phase phase) {
        return String.format(
                Locale.ROOT,
                "%-12s %9.0f op/s %8.1f MB/s  p50 %.1f p99 %.1f p99.9 %.1f us  mismatches %d errors %d",
                phase,
                perSecond(),
                perSecond() * Pages.BYTES / 1e6,
                latency.micros(0.5),
                latency.micros(0.99),
                latency.micros(0.999),
                mismatches,
                errors);
    }
}
