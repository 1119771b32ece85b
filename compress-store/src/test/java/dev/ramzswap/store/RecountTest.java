package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The live bytes of a region are wrong, and two operations follow one another. */
class RecountTest {
    private static final int PAGES = 20;

    /** Far from what is live there. */
    private static final int WRONG = 16;

    @TempDir
    private Path directory;

    private StoreFiles files;
    private RegionTable regions;
    private int region;
    private int live;
    private Workspace first;
    private Workspace second;
    private Ownership ownership;
    private Recount recount;

    @BeforeEach
    void open() throws IOException {
        StoreConfig config = Daemons.config(directory).overcommit().build();
        Daemons.store(config, PAGES, 0);
        files = StoreFiles.open(config, null);
        new Recovery(files.parts()).run();
        Activity activity = new Activity();
        first = new Workspace(1, null, FileSeal.NONE, activity);
        second = new Workspace(2, null, FileSeal.NONE, activity);
        ownership = new Ownership(files.parts(), new Fullness());
        recount = new Recount(files.parts(), ownership, activity);
        regions = files.parts().regions();
        region = Region.of(Slot.place(files.parts().map().get(0)));
        live = regions.live(region);
        setLive(WRONG);
    }

    @AfterEach
    void close() throws IOException {
        first.close();
        second.close();
        files.close();
    }

    private void setLive(int bytes) {
        locked(() -> regions.setLive(region, bytes));
    }

    private void locked(Runnable change) {
        regions.lock.lock();
        try {
            change.run();
        } finally {
            regions.lock.unlock();
        }
    }

    @Test
    void waitsForNobodyAndIsOverWhenThoseAreThroughWhoWereThere() {
        first.begin();
        recount.begin();
        assertFalse(recount.proceed());
        second.begin();
        first.end();
        assertFalse(recount.proceed());
        first.begin();
        second.end();
        assertTrue(recount.proceed());
        assertEquals(live, regions.live(region));
        first.end();
    }

    @Test
    void itsResultIsToldOnce() {
        recount.begin();
        assertFalse(recount.takeResult(region));
        assertTrue(recount.proceed());
        assertTrue(recount.takeResult(region));
        assertFalse(recount.takeResult(region));
    }

    /** Whoever does so has begun before the words were read, and ends after that. */
    @Test
    void nothingIsSetWhereSomethingWasFreedMeanwhile() {
        recount.begin();
        second.begin();
        assertFalse(recount.proceed());
        ownership.publish(0, Slot.HOLE, 2);
        int after = regions.live(region);
        second.end();
        assertTrue(recount.proceed());
        assertEquals(after, regions.live(region));
        assertFalse(recount.takeResult(region));
    }

    /** Its live bytes may be the same by then, and be right. */
    @Test
    void nothingIsSetOfARegionInAnotherLife() {
        first.begin();
        recount.begin();
        locked(() -> {
            regions.list(region);
            assertTrue(regions.beginEvacuation(region));
            regions.unlist(region);
        });
        first.end();
        assertFalse(recount.proceed());
        assertEquals(WRONG, regions.live(region));
        assertFalse(recount.takeResult(region));
    }

    @Test
    void norIfItBeganAfterTheWordsWereRead() {
        recount.begin();
        second.begin();
        assertFalse(recount.proceed());
        locked(() -> {
            regions.list(region);
            assertTrue(regions.beginEvacuation(region));
            regions.unlist(region);
        });
        second.end();
        assertTrue(recount.proceed());
        assertEquals(WRONG, regions.live(region));
    }
}
