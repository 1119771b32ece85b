package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.linux.MappedFile;
import dev.ramzswap.linux.Progress;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PoolTest {
    private static final int REGIONS = 32;

    private MappedFile countersFile;
    private MappedFile file;
    private Counters counters;
    private RegionTable regions;
    private RegionMemory regionMemory;
    private Pool pool;

    @BeforeEach
    void open() throws IOException {
        countersFile = MappedFile.inMemory("counters", Counters.FILE_BYTES);
        counters = Counters.begin(countersFile, "test", 1);
        file = MappedFile.inMemory("pool", (long) REGIONS << Region.SHIFT);
        make(0);
        setBudget(REGIONS);
    }

    private void make(long regionsAhead) throws IOException {
        regions = new RegionTable((long) REGIONS << Region.SHIFT, counters);
        regionMemory = new RegionMemory(file, regions, regionsAhead << Region.SHIFT);
        pool = new Pool(file.memory(), regions, regionMemory);
    }

    private void setBudget(long count) {
        regions.lock.lock();
        regions.budget().set(count << Region.SHIFT);
        regions.lock.unlock();
    }

    /** Takes room for a page that does not compress, and puts a record there, whose word this returns. */
    private long allocateRaw(long slot) {
        return allocate(slot, 4096, pool.allocate(4096));
    }

    private long allocate(long slot, int length) {
        return allocate(slot, length, pool.allocate(length));
    }

    private long allocate(long slot, int length, long place) {
        if (place == Pool.NONE) {
            return Slot.HOLE;
        }
        MemorySegment record = MemorySegment.ofArray(new byte[Record.MAX_BYTES]);
        Record.setHeader(record, slot, Codec.RAW, length);
        Record.copy(record, 0, pool.memory(), place, length);
        return Slot.inPool(Codec.RAW, length, place);
    }

    private long usedByRegions() {
        return (long) regions.budget().used() << Region.SHIFT;
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
        TreeMap<Long, Long> model = new TreeMap<>();
        for (int i = 0; i < 100_000; i++) {
            boolean isAllocation = model.size() < 200 || model.size() < 3000 && random.nextBoolean();
            if (isAllocation) {
                int length = 1 + random.nextInt(4096);
                long word = allocate(0, length);
                assertNotEquals(Slot.HOLE, word, "seed " + seed);
                checkFree(model, Slot.place(word), Record.roomFor(length), "seed " + seed + " step " + i);
                model.put(Slot.place(word), word);
            } else {
                Long place = model.ceilingKey(random.nextLong((long) REGIONS << Region.SHIFT));
                pool.free(0, model.remove(place == null ? model.firstKey() : place));
            }
        }
    }

    private static void checkFree(TreeMap<Long, Long> model, long place, int bytes, String message) {
        assertEquals(0, place % 8, message);
        assertEquals(Region.of(place), Region.of(place + bytes - 1), message);
        Long before = model.floorKey(place);
        assertTrue(before == null || before + Record.roomFor(Slot.length(model.get(before))) <= place, message);
        Long after = model.ceilingKey(place);
        assertTrue(after == null || place + bytes <= after, message);
    }

    @Test
    void anExactHoleIsReusedBeforeAnythingElse() {
        long first = allocate(1, 1000);
        allocate(2, 1000);
        pool.free(1, first);
        assertEquals(Slot.place(first), pool.allocate(1000));
    }

    @Test
    void aDamagedLinkTakesNoMemoryWhereNoneIs() throws IOException {
        long first = allocate(1, 1000);
        allocate(2, 1000);
        long second = allocate(3, 1000);
        allocate(4, 1000);
        pool.free(1, first);
        pool.free(3, second);
        long unused = Region.start(REGIONS - 1);
        pool.holes().setNext(Slot.place(second), unused);
        assertNotEquals(Slot.place(second), pool.allocate(1000), "a hole whose link is damaged");
        assertEquals(file.memory().byteSize(), file.nextData(unused));
        pool.holes().setPrevious(Slot.place(first), unused);
        pool.vacate(Slot.place(first));
        assertEquals(file.memory().byteSize(), file.nextData(unused));
    }

    @Test
    void whatARecordLeavesOverOfItsHoleJoinsItsPlaceAgain() {
        long first = allocate(1, 1000);
        allocate(2, 1000);
        pool.free(1, first);
        long shorter = allocate(3, 980);
        assertEquals(Slot.place(first), Slot.place(shorter));
        pool.free(3, shorter);
        assertEquals(Slot.place(first), pool.allocate(1000));
    }

    @Test
    void aWordAndARecordThatDoNotAgreeFreeNothing() {
        long one = allocateRaw(1);
        long two = allocateRaw(2);
        pool.free(1, two);
        pool.free(2, one);
        pool.free(1, Slot.inPool(Codec.RAW, 4000, Slot.place(one)));
        assertEquals(2 * Record.roomFor(4096), regions.budget().liveBytes());
        pool.free(1, one);
        assertEquals(Record.roomFor(4096), regions.budget().liveBytes());
    }

    /** Compaction would try to empty that region again and again, if it did not know. */
    @Test
    void aRecordThatCannotBeFreedMakesItsRegionSuspectThoughThatIsBeingEmptied() throws IOException {
        long record = allocateRaw(1);
        int region = Region.of(Slot.place(record));
        pool.open().closeEmpty();
        regions.close(region);
        assertTrue(pool.beginEvacuation(region));
        pool.free(2, record);
        assertFalse(pool.endEvacuation(region));
        assertTrue(regions.isSuspect(region));
    }

    @Test
    void whenRegionsAreUsedUpLargerHolesAreSplit() {
        setBudget(2);
        long first = allocateRaw(1);
        while (allocateRaw(2) != Slot.HOLE) {}
        while (allocate(3, 40) != Slot.HOLE) {}
        pool.free(1, first);
        int fitted = 0;
        while (pool.allocate(500) != Pool.NONE) {
            fitted++;
        }
        assertEquals(8, fitted);
    }

    @Test
    void theBudgetKeepsOneRegionForCompaction() {
        setBudget(2);
        int pages = 0;
        while (pool.allocate(4096) != Pool.NONE) {
            pages++;
        }
        assertEquals(Pool.RAW_PAGES_PER_REGION, pages);
        assertTrue(regions.budget().isLow());
        assertNotEquals(Pool.NONE, pool.allocateForCompaction(4096));
        assertTrue(regions.budget().exceeds());
        assertEquals(Pool.NONE, pool.allocate(4096), "what compaction has opened is its own");
    }

    @Test
    void compactionIsOwedOneRegionAboveTheBudgetAndNoMore() {
        while (pool.allocate(4096) != Pool.NONE) {}
        setBudget(4);
        assertEquals(Pool.RAW_PAGES_PER_REGION, fillForCompaction());
        assertEquals(REGIONS, regions.budget().used());
    }

    @Test
    void withMemoryAheadAStoreTakesOnlyWhatIsPopulated() throws IOException {
        regions.close();
        make(2);
        setBudget(8);
        assertEquals(Pool.NONE, pool.allocate(4096), "nothing is populated");
        assertTrue(regionMemory.isAwaited());
        assertTrue(regionMemory.adjust());
        assertTrue(regionMemory.adjust());
        assertFalse(regionMemory.adjust(), "two are ready, as it should be");
        assertEquals(2L << Region.SHIFT, usedByRegions());
        int pages = 0;
        while (pool.allocate(4096) != Pool.NONE) {
            pages++;
        }
        assertEquals(2 * Pool.RAW_PAGES_PER_REGION, pages);
        assertTrue(regionMemory.isShortOfReady());
        assertEquals(2L << Region.SHIFT, usedByRegions());
    }

    @Test
    void whoWaitsIsGivenOneRegionAndNoMore() throws IOException {
        regions.close();
        make(2);
        setBudget(8);
        assertTrue(regionMemory.populateAwaited());
        assertFalse(regionMemory.populateAwaited(), "one is ready");
        assertEquals(1L << Region.SHIFT, usedByRegions());
        assertNotEquals(Pool.NONE, pool.allocate(4096));
        assertTrue(regionMemory.populateAwaited(), "that one is in use");
    }

    /** Or a store would be refused that compaction finds room for as soon as it has a region to begin with. */
    @Test
    void theRegionThatOnlyCompactionMayOpenIsAwaited() throws IOException {
        regions.close();
        make(1);
        setBudget(2);
        assertTrue(regionMemory.adjust());
        while (pool.allocate(4096) != Pool.NONE) {}
        assertTrue(regionMemory.isAwaited());
        assertTrue(regionMemory.adjust());
        assertFalse(regionMemory.isAwaited());
    }

    /** It is the store's already; what is still being populated is another one's. */
    @Test
    void aReadyRegionIsOpenedWhileTheNextOneIsPopulated() throws IOException {
        regions.close();
        make(2);
        setBudget(3);
        while (regionMemory.adjust()) {}
        assertNotEquals(Pool.NONE, pool.allocate(4096));
        takeToPopulate();
        int pages = 1;
        while (pool.allocate(4096) != Pool.NONE) {
            pages++;
        }
        assertEquals(2 * Pool.RAW_PAGES_PER_REGION, pages);
    }

    /** Or, below a limit that is lowered then, it could not begin. */
    @Test
    void compactionOwesNothingForWhatAStoreMayOpenWhileTheNextRegionIsPopulated() throws IOException {
        setBudget(4);
        long[] words = fillRegions(1);
        int region = takeToPopulate();
        fillForCompaction();
        assertEquals(4, regions.budget().used());
        regionMemory.reuse(region);
        fillForCompaction();
        setBudget(1);
        assertEquals(0, fillForCompaction(), "that was one above the budget");
        empty(words);
        assertEquals(Pool.RAW_PAGES_PER_REGION, fillForCompaction());
    }

    /** What a thread does before it waits for the kernel. */
    private int takeToPopulate() {
        regions.lock.lock();
        try {
            return regions.takeFree(false);
        } finally {
            regions.lock.unlock();
        }
    }

    /** Returns how many raw pages compaction finds room for. */
    private int fillForCompaction() {
        int pages = 0;
        while (pool.allocateForCompaction(4096) != Pool.NONE) {
            pages++;
        }
        return pages;
    }

    @Test
    void readyRegionsKeepWithinTheBudgetAndFollowIt() throws IOException {
        regions.close();
        make(8);
        setBudget(4);
        while (regionMemory.adjust()) {}
        assertEquals(4L << Region.SHIFT, usedByRegions());
        setBudget(1);
        while (regionMemory.adjust()) {}
        assertEquals(1L << Region.SHIFT, usedByRegions());
    }

    /** With a clock that lets two seconds pass at each look. */
    @Test
    void whatIsTakenAheadIsToldOfByWhatThereMayBe() throws Exception {
        make(REGIONS);
        setBudget(4);
        AtomicLong now = new AtomicLong();
        LongSupplier clock = () -> now.addAndGet(2_000_000_000);
        List<String> told = new ArrayList<>();
        Consumer<String> listener = told::add;
        ScopedValue.where(Progress.CLOCK, clock)
                .where(Progress.LISTENER, listener)
                .call(() -> {
                    regionMemory.fill("x");
                    return null;
                });
        assertEquals("taking memory for x: 1 of 1 MiB", told.getLast());
    }

    @Test
    void anEvacuatedRegionGoesBackToTheSystem() throws IOException {
        long[] words = fillRegions(2);
        empty(words);
        assertEquals(RegionTable.FREE, regions.state(0));
        assertEquals(2, regions.budget().used());
        assertEquals(Region.BYTES, file.nextData(0), "its memory went back");
    }

    /** Ends the life of the first region, that of these words. */
    private void empty(long[] words) throws IOException {
        for (int i = 0; i < Pool.RAW_PAGES_PER_REGION; i++) {
            pool.free(i, words[i]);
        }
        assertTrue(pool.beginEvacuation(0));
        for (int i = 0; i < Pool.RAW_PAGES_PER_REGION; i++) {
            pool.vacate(Slot.place(words[i]));
        }
        pool.vacate(Region.BYTES - 32 - Region.BYTES % Record.roomFor(4096) + 32);
        assertTrue(pool.endEvacuation(0));
    }

    /** Review of 27 November, 1.1: two records got the same memory. */
    @Test
    void aRegionIsNeverRetiredWithAHoleInAList() throws IOException {
        long[] words = fillRegions(2);
        for (int i = 1; i < Pool.RAW_PAGES_PER_REGION; i++) {
            pool.free(i, words[i]);
        }
        assertTrue(pool.beginEvacuation(0));
        pool.vacate(Slot.place(words[1]));
        pool.free(0, words[0]);
        assertTrue(pool.endEvacuation(0));
        TreeMap<Long, Long> live = new TreeMap<>();
        for (int i = Pool.RAW_PAGES_PER_REGION; i < words.length; i++) {
            live.put(Slot.place(words[i]), words[i]);
        }
        for (int i = 0; i < 1000; i++) {
            long word = allocate(i, i < 200 ? 2000 : 4096);
            checkFree(live, Slot.place(word), Record.roomFor(Slot.length(word)), "allocation " + i);
            live.put(Slot.place(word), word);
        }
    }

    /** Fills so many regions with raw pages, and opens the next one. */
    private long[] fillRegions(int count) {
        long[] words = new long[count * Pool.RAW_PAGES_PER_REGION + 1];
        for (int i = 0; i < words.length; i++) {
            words[i] = allocateRaw(i);
        }
        return words;
    }
}
