package dev.ramzswap.status;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.frees.ProbeState;
import dev.ramzswap.store.Counters.Counter;
import dev.ramzswap.store.Counters.Snapshot;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StatusTextTest {
    private static ExportStatus export(String name, String socket, Map<Counter, Long> values) {
        var all = new EnumMap<Counter, Long>(Counter.class);
        for (Counter counter : Counter.values()) {
            all.put(counter, values.getOrDefault(counter, 0L));
        }
        var entry = new ExportEntry(
                name, 42, 7, Path.of("/run/42.control"), "/counters", socket, "127.0.0.1:10809", "", "serving");
        return new ExportStatus(entry, Optional.of(new Snapshot(name, 262144, 1, "lz4", 1, 0, all)));
    }

    private static ExportStatus filled() {
        return export(
                "swap0",
                "/run/s.sock",
                Map.of(
                        Counter.ORIG_DATA_SIZE, 300L << 20,
                        Counter.COMPR_DATA_SIZE, 80L << 20,
                        Counter.MEM_USED_TOTAL, (90L << 20) + (1 << 19),
                        Counter.MEM_LIMIT, 256L << 20,
                        Counter.BD_COUNT, 100L << 8));
    }

    @Test
    void tableHasOneAlignedLineForEach() {
        assertEquals("""
                NAME       CODEC SIZE DATA COMPR TOTAL LIMIT FILE RATIO STATE   PID SOCKET
                swap0      lz4     1G 300M   80M 90.5M  256M 100M  2.50 serving  42 /run/s.sock
                other-name lz4     1G   0B    0B    0B     -   0B     - serving  42 127.0.0.1:10809
                """, StatusText.table(List.of(filled(), export("other-name", "", Map.of())), Map.of()));
    }

    @Test
    void jsonHasTheCountersNames() {
        assertEquals("""
                [
                  {"name": "swap0", "size": 1073741824, "codec": "lz4", "state": "serving", "pid": 42, "socket": "/run/s.sock", \
                "listen": "127.0.0.1:10809", "slot_probe": "off", "loads": 0, "succ_stores": 0, "failed_stores": 0, "invalidates": 0, "freed_slots": 0, \
                "orig_data_size": 314572800, "compr_data_size": 83886080, "mem_used_total": 94896128, \
                "mem_limit": 268435456, "mem_used_max": 0, "same_pages": 0, "huge_pages": 0, "bd_count": 25600, \
                "bd_reads": 0, "bd_writes": 0, "io_errors": 0, "refused_stores": 0}
                ]
                """, StatusText.json(List.of(filled()), Map.of()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ON      |           | '; others are dropped as it frees them'",
                "OFF     | a reason  | '; others stay (a reason)'",
                "UNKNOWN |           | ''",
            })
    void aLineBelowTheTableSaysWhatTheKernelHasAndWhatBecomesOfTheRest(ProbeState probe, String whyOff, String rest) {
        ExportStatus export = filled();
        var slots = new KernelSlots(76800, 51200, probe, whyOff);
        String table = StatusText.table(List.of(export), Map.of(export, slots));
        assertTrue(
                table.endsWith("/run/s.sock\nswap0: of 76800 stored pages, the kernel has 51200" + rest + "\n"), table);
    }

    @Test
    void jsonHasWhatTheKernelHasIfThisMachineSwapsThere() {
        ExportStatus on = filled();
        ExportStatus off = export("b", "", Map.of());
        String json = StatusText.json(
                List.of(on, off),
                Map.of(
                        on,
                        new KernelSlots(2, 1, ProbeState.ON, ""),
                        off,
                        new KernelSlots(0, 7, ProbeState.OFF, "zswap")));
        assertTrue(json.contains("\"slot_probe\": \"on\", \"used_slots\": 1, \"loads\""), json);
        assertTrue(
                json.contains(
                        "\"slot_probe\": \"off\", \"used_slots\": 7, \"slot_probe_reason\": \"zswap\", \"loads\""),
                json);
    }

    @Test
    void whatCannotBeReadIsLeftOut() {
        var unreadable = new ExportStatus(filled().entry(), Optional.empty());
        assertEquals("""
                NAME  CODEC SIZE DATA COMPR TOTAL LIMIT FILE RATIO STATE   PID SOCKET
                swap0 lz4     1G 300M   80M 90.5M  256M 100M  2.50 serving  42 /run/s.sock
                swap0 -        -    -     -     -     -    -     - serving  42 /run/s.sock
                """, StatusText.table(List.of(filled(), unreadable), Map.of()));
        assertEquals("""
                [
                  {"name": "swap0", "state": "serving", "pid": 42, "socket": "/run/s.sock", "listen": "127.0.0.1:10809"}
                ]
                """, StatusText.json(List.of(unreadable), Map.of()));
    }

    @Test
    void jsonQuotesOddPaths() {
        String json = StatusText.json(List.of(export("a", "/run/\"\\é", Map.of())), Map.of());
        assertTrue(json.contains("\"socket\": \"/run/\\\"\\\\é\""), json);
    }
}
