package dev.ramzswap.nbd;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** What clients have had answered. Not thread-safe. */
final class SoakCounts {
    /** What is counted. */
    enum Count {
        READS("pages read and checked"),
        READS_OF_DATA("of them stored ones"),
        READS_OF_OTHERS("of them other clients'"),
        WRITES("pages written"),
        PATCHES("partial writes"),
        TRIMS("trims"),
        TRIMS_OF_DATA("of them of stored pages"),
        FREES("slots freed by their bits"),
        READ_ERRORS("reads answered by EIO"),
        WRITE_ERRORS("writes answered by EIO"),
        REFUSALS("writes answered by ENOSPC"),
        LOST("pages lost in the end, each an EIO");

        private final String label;

        Count(String label) {
            this.label = label;
        }
    }

    private final Map<Count, Long> values = new EnumMap<>(Count.class);

    void add(Count count) {
        values.merge(count, 1L, Long::sum);
    }

    long get(Count count) {
        return values.getOrDefault(count, 0L);
    }

    static SoakCounts sum(List<SoakCounts> parts) {
        SoakCounts sum = new SoakCounts();
        parts.forEach(part -> part.values.forEach((count, value) -> sum.values.merge(count, value, Long::sum)));
        return sum;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (Count count : Count.values()) {
            text.append(String.format("%,14d  %s%n", get(count), count.label));
        }
        return text.toString();
    }
}
