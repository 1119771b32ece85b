package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.Mover;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;

/** A store on a device, beside whose keeper, once that is paused, the test moves what lies in the file. */
abstract class MoverFixture {
    StoreFiles files;
    PageStore store;
    Workspace work;

    /** Of the movers, like the next one. */
    Workspace own;

    final Fullness fullness = new Fullness();

    /** @param segments of the device */
    void open(int slots, int segments, boolean encrypt, StoreFiles.BackingOpener device) throws IOException {
        StoreConfig config = new TestConfig(slots)
                .limit(1 << 20)
                .overcommit()
                .backing(Path.of("unused"), (long) segments * BackingFile.SEGMENT_BYTES, encrypt)
                .build();
        files = StoreFiles.open(config, device);
        store = PageStore.open(config, files);
        work = store.workspace();
        own = new Workspace(
                Counters.KEEPER,
                files.parts().file().readBuffer(),
                files.parts().fileSeal(),
                new Activity());
    }

    /** Stores pages of half a kilobyte until one is refused, and lets nothing change by itself. Returns how many. */
    int fillUp() throws InterruptedException {
        int stored = 0;
        while (store.store(stored, Pages.sized(500, stored), 0, work) == StoreStatus.OK) {
            stored++;
        }
        store.keeper().pause();
        return stored;
    }

    /** One that knows nothing yet. */
    FileMover mover(BooleanSupplier mayGiveUp, Runnable meanwhile) {
        return new FileMover(
                files.parts(),
                new Ownership(files.parts(), fullness),
                new Activity(),
                fullness,
                mayGiveUp,
                meanwhile,
                own);
    }

    /** Moves the first segment, of which nothing could be read. */
    static Mover.Result moveUnread(FileMover mover) {
        MemorySegment unread = Arena.ofAuto().allocate(BackingFile.SEGMENT_BYTES);
        mover.beginLook();
        return mover.move(unread, 0, BackingFile.SEGMENT_BYTES, new AllLive(), (from, offset, length) -> {
            throw new AssertionError("moved from " + offset);
        });
    }

    private static final class AllLive implements Mover.Count {
        @Override
        public int live() {
            return BackingFile.SEGMENT_BYTES;
        }

        @Override
        public void forget(int bytes) {
            throw new AssertionError(bytes + " bytes forgotten");
        }
    }

    @AfterEach
    void close() {
        store.keeper().resume();
        own.close();
        work.close();
        store.close();
    }
}
