package dev.ramzswap.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The result as Markdown: ours in the first columns, then the peers', then each of ours over each of the peers.
 *
 * @param storedBytes of pages on each device
 * @param compressedBytes what a server of ours says that its pages came to, by its name
 */
record Report(
        List<Subject> ours,
        List<Subject> peers,
        List<Workload> workloads,
        long storedBytes,
        Map<String, Long> compressedBytes) {
    String markdown() {
        StringBuilder out = new StringBuilder();
        out.append("## Operations per second, 4 KiB random: median (lowest to highest round)\n\n");
        table(out, rates());
        out.append("\n## Ratios of operations per second: median (lowest to highest round)\n\n");
        table(out, ratios());
        out.append("\n## Latency in us: median of the rounds' p50 / p99\n\n");
        table(out, latencies());
        out.append("\n## Resident memory\n\n");
        table(out, memory());
        return out.toString();
    }

    private List<Subject> all() {
        List<Subject> all = new ArrayList<>(ours);
        all.addAll(peers);
        return all;
    }

    private List<List<String>> rates() {
        List<List<String>> rows = new ArrayList<>();
        rows.add(head());
        for (Workload workload : workloads) {
            List<String> row = new ArrayList<>(List.of(workload.label()));
            all().forEach(s -> row.add(spread(s.rates(workload), "%,.0f")));
            rows.add(row);
        }
        return rows;
    }

    private List<List<String>> ratios() {
        List<List<String>> rows = new ArrayList<>();
        List<String> head = new ArrayList<>(List.of(""));
        for (Subject our : ours) {
            peers.forEach(peer -> head.add(our.name() + " / " + peer.name()));
        }
        rows.add(head);
        for (Workload workload : workloads) {
            List<String> row = new ArrayList<>(List.of(workload.label()));
            for (Subject our : ours) {
                for (Subject peer : peers) {
                    row.add(spread(our.rates(workload).over(peer.rates(workload)), "%.2f"));
                }
            }
            rows.add(row);
        }
        return rows;
    }

    private List<List<String>> latencies() {
        List<List<String>> rows = new ArrayList<>();
        rows.add(head());
        for (Workload workload : workloads) {
            List<String> row = new ArrayList<>(List.of(workload.label()));
            for (Subject s : all()) {
                row.add(format(
                        "%.1f / %.1f",
                        s.medianMicros(workload).median(), s.p99Micros(workload).median()));
            }
            rows.add(row);
        }
        return rows;
    }

    private List<List<String>> memory() {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of(
                "",
                "empty, MiB",
                "filled, MiB",
                "after overwrites, MiB",
                "filled, per stored byte",
                "compressed pages in the end, MiB",
                "after overwrites - 64 MiB, per compressed byte"));
        for (Subject s : all()) {
            List<String> row = new ArrayList<>();
            Collections.addAll(
                    row,
                    s.name(),
                    mebibytes(s.emptyBytes()),
                    mebibytes(s.filledBytes()),
                    mebibytes(s.finalBytes()),
                    format("%.3f", (double) s.filledBytes() / storedBytes));
            Long compressed = compressedBytes.get(s.name());
            row.add(compressed == null ? "" : mebibytes(compressed));
            row.add(compressed == null ? "" : format("%.3f", (s.finalBytes() - (64 << 20)) / (double) compressed));
            rows.add(row);
        }
        return rows;
    }

    private List<String> head() {
        List<String> head = new ArrayList<>(List.of(""));
        all().forEach(s -> head.add(s.name()));
        return head;
    }

    private static String spread(Samples samples, String pattern) {
        String median = "**" + format(pattern, samples.median()) + "**";
        return samples.min() == samples.max()
                ? median
                : median + " (" + format(pattern, samples.min()) + " to " + format(pattern, samples.max()) + ")";
    }

    private static String mebibytes(long bytes) {
        return format("%.1f", bytes / (double) (1 << 20));
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }

    private static void table(StringBuilder out, List<List<String>> rows) {
        int columns = rows.getFirst().size();
        line(out, rows.getFirst());
        out.append("| --- ").append("| ---: ".repeat(columns - 1)).append("|\n");
        rows.stream().skip(1).forEach(row -> line(out, row));
    }

    private static void line(StringBuilder out, List<String> row) {
        out.append("| ").append(String.join(" | ", row)).append(" |\n");
    }
}
