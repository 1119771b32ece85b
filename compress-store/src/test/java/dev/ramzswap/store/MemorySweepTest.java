package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.store.Counters.Counter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Memory that ends at each allocation in turn, by the kernel itself: the state lies on a tmpfs that has room for so
 * much and no more. The page then goes to the backing file, or is refused, and none is lost; when there is memory
 * again, it is used.
 */
@Timeout(120)
class MemorySweepTest {
    private static final int SLOTS = 512;
    private static final long AMPLE = 32 << 20;

    @TempDir
    private Path directory;

    @RegisterExtension
    private final Tmpfs tmpfs = new Tmpfs();

    private final ByteBuffer out = Pages.buffer();
    private final Logger logger = Logger.getLogger("dev.ramzswap.store");

    @BeforeEach
    void beQuiet() {
        logger.setLevel(Level.OFF);
    }

    @AfterEach
    void beLoud() {
        logger.setLevel(null);
    }

    @Test
    void withMemoryAheadAndABackingFile() throws IOException, InterruptedException {
        sweep(config().ahead(Region.BYTES).backing(directory.resolve("file")), 2 * Region.BYTES);
    }

    @Test
    void withMemoryAheadAlone() throws IOException, InterruptedException {
        sweep(config().ahead(Region.BYTES), 2 * Region.BYTES);
    }

    @Test
    void withABackingFile() throws IOException, InterruptedException {
        sweep(config().backing(directory.resolve("file")), Region.BYTES * 3 / 4);
    }

    @Test
    void alone() throws IOException, InterruptedException {
        sweep(config(), Region.BYTES * 3 / 4);
    }

    @Test
    void aStartWithoutMemoryIsRefusedAndSaysSo() throws IOException, InterruptedException {
        for (long room = 4096; room < BackingFile.STAGING_BYTES; room = 4 * room) {
            StoreConfig config = config().overcommit()
                    .backing(directory.resolve("file"))
                    .stateDirectory(tmpfs.mount(room))
                    .build();
            String message = assertThrows(IOException.class, () -> PageStore.open(config))
                    .getMessage();
            assertTrue(message.contains("No space left on device"), message);
        }
    }

    private static TestConfig config() {
        return new TestConfig(SLOTS);
    }

    /** First no room at all, then ever more, until all of the pool fits. */
    private void sweep(TestConfig config, long step) throws IOException, InterruptedException {
        long room = 0;
        long outside = SLOTS;
        while (outside > 0) {
            StoreConfig here = config.stateDirectory(tmpfs.mount(AMPLE)).build();
            try (PageStore store = PageStore.open(here);
                    Workspace work = store.workspace()) {
                tmpfs.resize(tmpfs.used() + room);
                long refused = storeAll(store, 0, work);
                boolean hasRoom = here.backing().isPresent() && (here.ahead() > 0 || room > PageStore.mapBytes(SLOTS));
                assertTrue(!hasRoom || refused == 0, refused + " refused, with room in the file");
                outside = refused + store.counters().get(Counter.FAILED_STORES);
                assertTrue(outside > 0 || room > 0, "memory that there was not");
                if (room == 0) {
                    tmpfs.resize(AMPLE);
                    assertMemoryIsUsedAgain(store, work);
                }
            }
            room += step;
        }
    }

    /** Stores what it can, checks that all of it is there, and returns how much was refused. */
    private long storeAll(PageStore store, int firstPage, Workspace work) {
        boolean[] isStored = new boolean[SLOTS];
        long refused = 0;
        for (int slot = 0; slot < SLOTS; slot++) {
            int status = store.store(slot, page(firstPage + slot), 0, work);
            isStored[slot] = status == StoreStatus.OK;
            assertTrue(isStored[slot] || status == StoreStatus.NO_SPACE, "status " + status);
            refused += isStored[slot] ? 0 : 1;
        }
        for (int slot = 0; slot < SLOTS; slot++) {
            assertEquals(StoreStatus.OK, store.load(slot, out, 0, work));
            ByteBuffer expected = isStored[slot] ? page(firstPage + slot) : Pages.page(Pages.Kind.ZERO, 0);
            assertTrue(Pages.equal(expected, out), "slot " + slot + " holds other bytes");
        }
        return refused;
    }

    private void assertMemoryIsUsedAgain(PageStore store, Workspace work) {
        long end = System.nanoTime() + 20_000_000_000L;
        long inRam;
        do {
            store.invalidateArea(work);
            long before = store.counters().get(Counter.SUCC_STORES);
            storeAll(store, SLOTS, work);
            inRam = store.counters().get(Counter.SUCC_STORES) - before;
        } while (inRam < SLOTS && System.nanoTime() - end < 0);
        assertEquals(SLOTS, inRam, "pages in RAM, now that there is memory");
    }

    private static ByteBuffer page(int number) {
        return Pages.page(Pages.Kind.HALF, number);
    }
}
