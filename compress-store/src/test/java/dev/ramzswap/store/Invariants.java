package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.store.Counters.Counter;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What must be true of a store whenever nobody is at work in it, whatever was done to it before:
 *
 * <ul>
 *   <li>every word's record names its slot, and no two records share a byte, wherever they lie: after a takeover, no
 *       hole of any region is known yet
 *   <li>the live bytes of each region, of the pool, and of the backing file are the sums over the words
 *   <li>records and holes of a listing region lie without gap or overlap to its end
 *   <li>each listed hole is in one list, once; none lies in a region that is not listing
 *   <li>regions are as many as are counted, and gauges are what the words say
 * </ul>
 */
final class Invariants {
    private final Parts parts;
    private final String label;
    private final Pool pool;
    private final Holes holes;
    private final RegionTable regions;

    /** For each region, the places of its records and how many units each takes. */
    private final Map<Integer, TreeMap<Long, Integer>> records = new HashMap<>();

    /** The places of the backing file's records and how many units each takes. */
    private final TreeMap<Long, Integer> fileRecords = new TreeMap<>();

    private final Map<Counter, Long> gauges = new HashMap<>();

    private Invariants(Parts parts, String label) {
        this.parts = parts;
        this.label = label;
        this.pool = parts.pool();
        this.holes = pool.holes();
        this.regions = parts.regions();
    }

    /** Lets the keeper stand still for the check. Nobody else may be at work. */
    static void checkPaused(PageStore store, Parts parts, String label) throws InterruptedException {
        store.keeper().pause();
        try {
            check(parts, label);
        } finally {
            store.keeper().resume();
        }
    }

    /** Nobody may be at work, and the keeper must not run. */
    static void check(Parts parts, String label) {
        Invariants invariants = new Invariants(parts, label);
        invariants.readWords();
        invariants.checkRegions(invariants.checkLists());
        invariants.checkFile();
        invariants.checkGauges();
    }

    private void readWords() {
        SlotMap map = parts.map();
        for (long slot = map.nextUsed(0); slot < map.slots(); slot = map.nextUsed(slot + 1)) {
            readWord(slot, map.get(slot));
        }
    }

    private void readWord(long slot, long word) {
        String what = label + ": slot " + slot + " with word " + Long.toHexString(word);
        assertFalse(Slot.isPinned(word), () -> what + " is pinned");
        int kind = Slot.kind(word);
        if (kind != Slot.KIND_HOLE) {
            count(Counter.ORIG_DATA_SIZE, PageStore.SLOT_BYTES);
        }
        if (kind == Slot.KIND_FILL || Slot.isRecord(word) && Slot.codec(word) == Codec.FILL) {
            count(Counter.SAME_PAGES, 1);
        }
        if (kind == Slot.KIND_FILE) {
            count(Counter.BD_COUNT, 1);
            add(fileRecords, word, Record.bytes(word) + 7 >>> Record.UNIT_SHIFT, what);
        }
        if (kind == Slot.KIND_POOL) {
            count(Counter.COMPR_DATA_SIZE, Slot.length(word));
            count(Counter.HUGE_PAGES, Slot.codec(word) == Codec.RAW ? 1 : 0);
            assertTrue(pool.isPlaceOf(word), what);
            assertTrue(Record.isOf(pool.memory(), Slot.place(word), slot, word), () -> what + ": another's record");
            TreeMap<Long, Integer> row = records.computeIfAbsent(Region.of(Slot.place(word)), _ -> new TreeMap<>());
            add(row, word, Record.units(Slot.length(word)), what);
        }
    }

    private static void add(TreeMap<Long, Integer> row, long word, int units, String what) {
        Integer other = row.put(Slot.place(word), units);
        assertEquals(null, other, () -> what + ": two words share a record");
    }

    private void count(Counter counter, long by) {
        gauges.merge(counter, by, Long::sum);
    }

    /** Returns the listed holes. */
    private Set<Long> checkLists() {
        Set<Long> listed = new HashSet<>();
        Map<Integer, Integer> perRegion = new HashMap<>();
        for (int units = Holes.LEAST_LISTED; units <= Holes.MAX_UNITS; units++) {
            long previous = Holes.NONE;
            for (long place = pool.lists().first(units); place != Holes.NONE; place = holes.next(place)) {
                String what = label + ": hole at " + place + " of " + units + " units";
                assertTrue(listed.add(place), () -> what + " is listed twice");
                assertTrue(holes.isAt(place) && holes.isListed(place) && holes.units(place) == units, what);
                assertEquals(previous, holes.previous(place), what);
                assertTrue(regions.isListing(Region.of(place)), () -> what + " lies in a region that is not listing");
                perRegion.merge(Region.of(place), 1, Integer::sum);
                previous = place;
            }
        }
        for (int region = 0; region < regions.count(); region++) {
            int expected = perRegion.getOrDefault(region, 0);
            int counted = regions.state(region) == RegionTable.FREE ? 0 : regions.listed(region);
            assertEquals(expected, counted, label + ": listed holes of region " + region);
        }
        return listed;
    }

    private void checkRegions(Set<Long> listed) {
        int used = 0;
        int ready = 0;
        long live = 0;
        for (int region = 0; region < regions.count(); region++) {
            int state = regions.state(region);
            used += state == RegionTable.FREE ? 0 : 1;
            ready += state == RegionTable.READY ? 1 : 0;
            TreeMap<Long, Integer> row = records.getOrDefault(region, new TreeMap<>());
            String what = label + ": region " + region + " in state " + state;
            long bytes = checkRecords(row, what);
            assertEquals(bytes, state == RegionTable.FREE ? 0 : regions.live(region), what);
            live += bytes;
            if (state == RegionTable.OPEN || state == RegionTable.CLOSED) {
                checkRow(region, row, listed, what);
            }
            assertTrue(bytes == 0 || state >= RegionTable.OPEN, what);
            assertTrue(state != RegionTable.EVACUATING && state != RegionTable.POPULATING, what);
        }
        assertEquals(used, regions.budget().used(), label + ": used regions");
        assertEquals(ready, regions.budget().ready(), label + ": ready regions");
        assertEquals(live, regions.budget().liveBytes(), label + ": live bytes");
    }

    /** Returns how many bytes the records take. */
    private static long checkRecords(TreeMap<Long, Integer> row, String what) {
        long bytes = 0;
        long end = 0;
        for (Map.Entry<Long, Integer> record : row.entrySet()) {
            long place = record.getKey();
            assertTrue(end <= place, () -> what + " at " + place + ": a record overlaps the one before");
            int size = record.getValue() << Record.UNIT_SHIFT;
            bytes += size;
            end = place + size;
        }
        return bytes;
    }

    private void checkRow(int region, TreeMap<Long, Integer> row, Set<Long> listed, String what) {
        long end = Region.start(region) + pool.end(region);
        long place = Region.start(region);
        while (place < end) {
            String where = what + " at " + Region.offset(place);
            Integer units = row.get(place);
            if (units == null) {
                assertTrue(holes.isAt(place), () -> where + " is neither a record nor a hole");
                assertEquals(holes.isListed(place), listed.contains(place), where);
                units = holes.units(place);
            } else {
                assertFalse(listed.contains(place), where);
            }
            long next = place + ((long) units << Record.UNIT_SHIFT);
            Long following = row.higherKey(place);
            assertTrue(following == null || next <= following, () -> where + " overlaps a record");
            place = next;
        }
        assertEquals(end, place, what);
    }

    private void checkFile() {
        long fileBytes = checkRecords(fileRecords, label + ": the backing file");
        assertEquals(fileBytes, parts.file() == null ? 0 : parts.file().liveBytes(), label + ": bytes in the file");
    }

    private void checkGauges() {
        for (Counter gauge : new Counter[] {
            Counter.ORIG_DATA_SIZE, Counter.COMPR_DATA_SIZE, Counter.SAME_PAGES, Counter.HUGE_PAGES, Counter.BD_COUNT
        }) {
            long expected = gauges.getOrDefault(gauge, 0L);
            assertEquals(expected, parts.counters().get(gauge), label + ": " + gauge.label());
        }
        long tables = parts.counters().memoryUsed() - ((long) regions.budget().used() << Region.SHIFT);
        assertTrue(tables >= 0 && tables % PageSet.PAGE_BYTES == 0, label + ": " + tables + " bytes of tables");
    }
}
