package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.ZeroingDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A device gives zeroes instead of what it has, and no error, while its segments are to be cleaned. */
@Timeout(60)
class ZeroingDeviceTest {
    private static final int SEGMENTS = 40;
    private static final int SLOTS = 4096;
    private static final int LOOKS = 10;

    private final ZeroingDevice device = new ZeroingDevice(SEGMENTS);
    private StoreFiles files;
    private PageStore store;
    private Workspace work;

    /** In slots 0, 2, 4 .. */
    private int stored;

    @BeforeEach
    void fill() throws IOException, InterruptedException {
        StoreConfig config = new TestConfig(SLOTS)
                .limit(1 << 20)
                .overcommit()
                .backing(Path.of("unused"), (long) SEGMENTS * BackingFile.SEGMENT_BYTES)
                .build();
        files = StoreFiles.open(config, device::open);
        store = PageStore.open(config, files);
        work = store.workspace();
        while (store.store(stored, Daemons.page(stored), 0, work) == StoreStatus.OK) {
            stored++;
        }
        store.keeper().pause();
        for (int slot = 1; slot < stored; slot += 2) {
            store.invalidate(slot, work);
        }
        device.isZero = true;
    }

    @AfterEach
    void close() {
        store.keeper().resume();
        work.close();
        store.close();
    }

    @Test
    void whatItHasAgainIsRead() {
        assertTrue(files.parts().file().cleaningDue());
        for (int look = 0; look < LOOKS; look++) {
            store.keeper().keepFile();
        }
        device.isZero = false;
        assertEquals(0, lost());
    }

    /** A page that is whole is refused for no page that may come back. */
    @Test
    void whatItDoesNotHaveCostsNoRoomThatAPageNeeds() {
        store.keeper().setScarce(true);
        for (int look = 0; look < LOOKS; look++) {
            store.keeper().keepFile();
        }
        assertEquals(0, damaged(), "there may be room elsewhere");
        store.keeper().lookForTheLast(0);
        for (int look = 0; look < LOOKS; look++) {
            store.keeper().keepFile();
        }
        assertTrue(damaged() > 0);
        device.isZero = false;
        assertEquals(damaged(), lost());
    }

    /** That is the device, and not a part of it that is lost. */
    @Test
    void whatCannotBeReadAnywhereIsNotGivenUp() {
        device.isZero = false;
        device.isUnreadable = true;
        store.keeper().lookForTheLast(0);
        for (int look = 0; look < LOOKS; look++) {
            store.keeper().keepFile();
        }
        assertEquals(0, damaged());
        device.isUnreadable = false;
        assertEquals(0, lost());
    }

    private long damaged() {
        SlotMap map = files.parts().map();
        return IntStream.range(0, stored)
                .filter(slot -> map.get(slot) == Slot.damaged(slot))
                .count();
    }

    private long lost() {
        return IntStream.iterate(0, slot -> slot < stored, slot -> slot + 2)
                .filter(slot -> store.load(slot, Pages.buffer(), 0, work) != StoreStatus.OK)
                .count();
    }
}
