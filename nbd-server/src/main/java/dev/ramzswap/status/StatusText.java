package dev.ramzswap.status;

import static dev.ramzswap.store.Counters.Counter.BD_COUNT;
import static dev.ramzswap.store.Counters.Counter.COMPR_DATA_SIZE;
import static dev.ramzswap.store.Counters.Counter.MEM_LIMIT;
import static dev.ramzswap.store.Counters.Counter.MEM_USED_TOTAL;
import static dev.ramzswap.store.Counters.Counter.ORIG_DATA_SIZE;

import dev.ramzswap.config.Size;
import dev.ramzswap.store.Counters.Counter;
import dev.ramzswap.store.Counters.Snapshot;
import dev.ramzswap.store.PageStore;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;

/**
 * Shows {@link ExportStatus}es: as a table in the manner of {@code zramctl}, or as JSON with the counters' own names.
 */
public final class StatusText {
    private static final List<String> HEAD = List.of(
            "NAME", "CODEC", "SIZE", "DATA", "COMPR", "TOTAL", "LIMIT", "FILE", "RATIO", "STATE", "PID", "SOCKET");

    /** Columns of text; the others are numbers and stand to the right. */
    private static final List<String> LEFT = List.of("NAME", "CODEC", "STATE", "SOCKET");

    /** Dashes for {@link #cells}. */
    private static final List<String> UNKNOWN = Collections.nCopies(8, "-");

    private StatusText() {}

    /** @param slots of whom more is to be said than a line of the table */
    public static String table(List<ExportStatus> exports, Map<ExportStatus, KernelSlots> slots) {
        var rows = new ArrayList<List<String>>();
        rows.add(HEAD);
        exports.forEach(export -> rows.add(row(export)));
        var text = new StringBuilder();
        for (List<String> row : rows) {
            var line = new StringJoiner(" ");
            for (int column = 0; column < HEAD.size(); column++) {
                int width = width(rows, column);
                String side = LEFT.contains(HEAD.get(column)) ? "-" : "";
                line.add(String.format("%" + side + width + "s", row.get(column)));
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        slots.forEach((export, found) ->
                text.append(export.name()).append(": ").append(found).append('\n'));
        return text.toString();
    }

    private static int width(List<List<String>> rows, int column) {
        return rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(1);
    }

    private static List<String> row(ExportStatus export) {
        ExportEntry entry = export.entry();
        var row = new ArrayList<String>(List.of(entry.name()));
        row.addAll(export.counters().map(StatusText::cells).orElse(UNKNOWN));
        row.addAll(List.of(entry.state(), Long.toString(entry.pid()), where(entry)));
        return row;
    }

    /** From CODEC to RATIO. */
    private static List<String> cells(Snapshot counters) {
        long data = value(counters, ORIG_DATA_SIZE);
        long file = value(counters, BD_COUNT) * PageStore.SLOT_BYTES;
        long compressed = value(counters, COMPR_DATA_SIZE);
        long limit = value(counters, MEM_LIMIT);
        return List.of(
                counters.codec(),
                Size.format(counters.slots() * PageStore.SLOT_BYTES),
                Size.format(data),
                Size.format(compressed),
                Size.format(value(counters, MEM_USED_TOTAL)),
                limit == 0 ? "-" : Size.format(limit),
                Size.format(file),
                ratio(data - file, compressed));
    }

    private static long value(Snapshot counters, Counter counter) {
        return counters.values().getOrDefault(counter, 0L);
    }

    private static String ratio(long bytes, long compressed) {
        return compressed == 0 ? "-" : String.format(Locale.ROOT, "%.2f", (double) bytes / compressed);
    }

    private static String where(ExportEntry entry) {
        return entry.socket().isEmpty() ? entry.listen() : entry.socket();
    }

    /** @param slots of those on which this machine swaps */
    public static String json(List<ExportStatus> exports, Map<ExportStatus, KernelSlots> slots) {
        return Json.array(exports.stream()
                .map(export -> object(export, Optional.ofNullable(slots.get(export))))
                .toList());
    }

    private static String object(ExportStatus export, Optional<KernelSlots> slots) {
        var object = new Json();
        object.add("name", export.name());
        export.counters().ifPresent(counters -> {
            object.add("size", counters.slots() * PageStore.SLOT_BYTES);
            object.add("codec", counters.codec());
        });
        object.add("state", export.entry().state());
        object.add("pid", export.entry().pid());
        object.add("socket", export.entry().socket());
        object.add("listen", export.entry().listen());
        export.counters().ifPresent(counters -> {
            object.add(
                    "slot_probe",
                    slots.map(KernelSlots::probe).orElseGet(export::slotProbe).toString());
            slots.ifPresent(found -> object.add("used_slots", found.used()));
            slots.map(KernelSlots::whyOff)
                    .filter(why -> !why.isEmpty())
                    .ifPresent(why -> object.add("slot_probe_reason", why));
            for (Counter counter : Counter.values()) {
                object.add(counter.label(), value(counters, counter));
            }
        });
        return object.toString();
    }
}
