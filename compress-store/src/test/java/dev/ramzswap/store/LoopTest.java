package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ramzswap.backing.BackingFile;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Attack: what is thrown in background loops. */
class LoopTest {
    private static List<byte[]> hoard;

    /** A heap that is full when the loop wants to log, and has room again a moment later. */
    @Test
    void aLoopOutlivesAFullHeap() throws Exception {
        AtomicInteger looks = new AtomicInteger();
        BackgroundLoop loop = new BackgroundLoop("attack-heap", () -> {
            if (looks.getAndIncrement() == 2) {
                hoard = new ArrayList<>(1 << 16);
                for (int size = 1 << 28; size > 0; size >>= 1) {
                    try {
                        while (true) {
                            hoard.add(new byte[size]);
                        }
                    } catch (OutOfMemoryError e) {
                        if (size == 1) {
                            throw e;
                        }
                    }
                }
            }
            return Look.GAINED;
        });
        loop.start();
        Thread.sleep(3000);
        hoard = null;
        Look look = loop.awaitLook(5_000_000_000L);
        assertEquals(Look.GAINED, look);
    }

    @Test
    void aLoopOutlivesWhatCannotBeLogged() throws Exception {
        AtomicInteger looks = new AtomicInteger();
        BackgroundLoop loop = new BackgroundLoop("attack-log", () -> {
            if (looks.getAndIncrement() == 2) {
                throw new OutOfMemoryError() {
                    @Override
                    public String toString() {
                        throw new OutOfMemoryError("no room for the message");
                    }
                };
            }
            return Look.GAINED;
        });
        loop.start();
        Thread.sleep(500);
        assertEquals(Look.GAINED, loop.awaitLook(5_000_000_000L));
        loop.close();
    }

    /** A mover throws once: the region is emptied by the next look all the same. */
    @Test
    void anEvacuationThatThrewIsTriedAgain() throws Exception {
        StoreConfig config = new TestConfig(1024).overcommit().build();
        StoreFiles files = StoreFiles.open(config, BackingFile::open);
        PageStore store = PageStore.open(config, files);
        store.stopBackgroundWork();
        Workspace work = store.workspace();
        for (int slot = 0; slot < 200; slot++) {
            assertEquals(StoreStatus.OK, store.store(slot, Pages.page(Pages.Kind.INCOMPRESSIBLE, slot), 0, work));
        }
        Evacuation evacuation = new Evacuation(files.parts().map(), files.parts().pool());
        try {
            evacuation.run(0, (slot, word) -> {
                throw new AssertionError("thrown once");
            });
        } catch (AssertionError e) {
            assertEquals("thrown once", e.getMessage());
        }
        for (int slot = 0; slot < 200; slot++) {
            store.invalidate(slot, work);
        }
        for (int look = 0; look < 100; look++) {
            store.keeper().keepPool();
        }
        Invariants.check(files.parts(), "thrown");
    }

    /** Somebody awaits it, and is told of the look after it. */
    @Test
    void aLookThatGainedIsNotForgotten() throws Exception {
        AtomicInteger looks = new AtomicInteger();
        BackgroundLoop loop = new BackgroundLoop(
                "attack-look", () -> looks.getAndIncrement() % 2 == 0 ? Look.GAINED : Look.NOTHING);
        loop.start();
        int gained = 0;
        for (int i = 0; i < 200; i++) {
            Thread.sleep(3);
            gained += loop.awaitLook(1_000_000_000L) == Look.GAINED ? 1 : 0;
        }
        loop.close();
        assertEquals(200, gained, "of looks that began after the call, one gained each time");
    }
}
