package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.linux.MappedFile;
import java.io.IOException;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PoolTest {
    private static final int REGIONS = 32;

    private MappedFile countersFile;
    private MappedFile file;
    private Counters counters;
    private Regions regions;
    private Pool pool;

    @BeforeEach
    void open() throws IOException {
        countersFile = MappedFile.inMemory("counters", Counters.FILE_BYTES);
        counters = new Counters(countersFile, "test", 1);
        file = MappedFile.inMemory("pool", (long) REGIONS << Regions.SHIFT);
        make(0);
        regions.setBudget(Long.MAX_VALUE);
    }

    private void make(long regionsAhead) {
        regions = new Regions(file, counters, regionsAhead << Regions.SHIFT);
        pool = new Pool(file.memory(), regions);
    }

    @AfterEach
    void close() throws IOException {
        regions.close();
        file.close();
        countersFile.close();
    }

    @Test
    void placesNeverOverlapWhateverIsAllocatedAndFreed() {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        TreeMap<Long, Integer> model = new TreeMap<>();
        for (int i = 0; i < 100_000; i++) {
            boolean isAllocation = model.size() < 200 || model.size() < 3000 && random.nextBoolean();
            if (isAllocation) {
                int length = 1 + random.nextInt(4096);
                long place = pool.allocate(length);
                assertNotEquals(Pool.NONE, place, "seed " + seed);
                checkFree(model, place, Record.HEADER_BYTES + length, "seed " + seed + " step " + i);
                model.put(place, Record.HEADER_BYTES + length);
            } else {
                Long place = model.ceilingKey(random.nextLong((long) REGIONS << Regions.SHIFT));
                place = place == null ? model.firstKey() : place;
                model.remove(place);
                pool.free(place);
            }
        }
    }

    private static void checkFree(TreeMap<Long, Integer> model, long place, int bytes, String message) {
        assertEquals(0, place % 8, message);
        assertEquals(place >>> Regions.SHIFT, place + bytes - 1 >>> Regions.SHIFT, message);
        Long before = model.floorKey(place);
        assertTrue(before == null || before + model.get(before) <= place, message);
        Long after = model.ceilingKey(place);
        assertTrue(after == null || place + bytes <= after, message);
    }

    @Test
    void anExactHoleIsReusedBeforeAnythingElse() {
        long first = pool.allocate(1000);
        pool.allocate(1000);
        pool.free(first);
        assertEquals(first, pool.allocate(1000));
    }

    @Test
    void whenRegionsAreUsedUpLargerHolesAreSplit() {
        regions.setBudget(2L << Regions.SHIFT);
        long first = pool.allocate(4096);
        while (pool.allocate(4096) != Pool.NONE) {}
        while (pool.allocate(40) != Pool.NONE) {}
        pool.free(first);
        int fitted = 0;
        while (pool.allocate(500) != Pool.NONE) {
            fitted++;
        }
        assertEquals(8, fitted);
    }

    @Test
    void theBudgetKeepsOneRegionForCompaction() {
        regions.setBudget(2L << Regions.SHIFT);
        int pages = 0;
        while (pool.allocate(4096) != Pool.NONE) {
            pages++;
        }
        assertEquals(Pool.RAW_PAGES_PER_REGION, pages);
        assertTrue(regions.isLow());
        assertNotEquals(Pool.NONE, pool.allocateForCompaction(4096));
        assertTrue(regions.exceedBudget());
    }

    @Test
    void withMemoryAheadAStoreTakesOnlyWhatIsPopulated() throws IOException {
        regions.close();
        make(2);
        regions.setBudget(8L << Regions.SHIFT);
        assertEquals(Pool.NONE, pool.allocate(4096), "nothing is populated");
        assertTrue(regions.isWaitingForMemory());
        assertTrue(regions.populate());
        assertTrue(regions.populate());
        assertFalse(regions.populate(), "two are ready, as it should be");
        assertEquals(2L << Regions.SHIFT, counters.memoryUsed());
        int pages = 0;
        while (pool.allocate(4096) != Pool.NONE) {
            pages++;
        }
        assertEquals(2 * Pool.RAW_PAGES_PER_REGION, pages);
        assertTrue(regions.isShortOfReady());
        assertEquals(2L << Regions.SHIFT, counters.memoryUsed());
    }

    @Test
    void readyRegionsKeepWithinTheBudgetAndFollowIt() throws IOException {
        regions.close();
        make(8);
        regions.setBudget(4L << Regions.SHIFT);
        while (regions.populate()) {}
        assertEquals(4L << Regions.SHIFT, counters.memoryUsed());
        regions.setBudget(1L << Regions.SHIFT);
        while (regions.depopulate()) {}
        assertEquals(1L << Regions.SHIFT, counters.memoryUsed());
    }

    @Test
    void anEvacuatedRegionGoesBackToTheSystem() throws IOException {
        long[] places = fillRegions(2);
        long used = counters.memoryUsed();
        for (int i = 0; i < Pool.RAW_PAGES_PER_REGION; i++) {
            pool.free(places[i]);
        }
        int region = pool.beginEvacuation(Regions.BYTES);
        assertEquals(0, region);
        for (long place = Pool.first(region); place != Pool.NONE; place = pool.next(place)) {
            assertTrue(pool.vacate(place));
        }
        assertTrue(pool.endEvacuation(region));
        assertEquals(used - Regions.BYTES, counters.memoryUsed());
        assertEquals(0, Record.capacity(pool.memory(), 0), "its memory reads as zeroes");
    }

    @Test
    void aRegionThatDoesNotGetEmptyKeepsItsRecordsAndItsHoles() throws IOException {
        long[] places = fillRegions(2);
        pool.free(places[3]);
        pool.free(places[7]);
        int region = pool.beginEvacuation(Regions.BYTES);
        assertEquals(0, region);
        assertTrue(pool.vacate(places[3]));
        assertFalse(pool.vacate(places[4]));
        pool.free(places[5]);
        assertFalse(pool.endEvacuation(region));
        long[] holes = {pool.allocate(4096), pool.allocate(4096), pool.allocate(4096)};
        java.util.Arrays.sort(holes);
        assertEquals(places[3], holes[0]);
        assertEquals(places[5], holes[1]);
        assertEquals(places[7], holes[2]);
    }

    /** Fills so many regions with raw pages, and opens the next one. */
    private long[] fillRegions(int regions) {
        long[] places = new long[regions * Pool.RAW_PAGES_PER_REGION + 1];
        for (int i = 0; i < places.length; i++) {
            places[i] = pool.allocate(4096);
        }
        return places;
    }
}
