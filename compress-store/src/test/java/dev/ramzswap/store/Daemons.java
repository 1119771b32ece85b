package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Daemons one after the other, each of which stores pages or counts those that it finds, and ends in order. */
final class Daemons {
    static final int SLOTS = 4096;
    static final long LIMIT = 6 << 20;

    /** Most of the pages lie in the file, and it holds no page more than it must. */
    static final long FILE_BYTES = TestConfig.leastFileBytes(SLOTS, LIMIT);

    /** Pages that all fit in the pool. */
    static final int FEW = 100;

    /** How many pages are as they were stored, cannot be read, and have other bytes. */
    record Found(int right, int lost, int other) {}

    private Daemons() {}

    static ByteBuffer page(int number) {
        return Pages.page(Pages.Kind.INCOMPRESSIBLE, number);
    }

    /** A store of {@link #SLOTS} slots whose state is in {@code directory/state}. */
    static TestConfig config(Path directory) {
        return new TestConfig(SLOTS).limit(LIMIT).stateDirectory(directory.resolve("state"));
    }

    static StoreConfig withFile(Path directory, Path file) {
        return config(directory).backing(file, FILE_BYTES).build();
    }

    /** Stores pages {@code first}, {@code first + 1} .. in slots 0, 1 .. */
    static void store(StoreConfig config, int pages, int first) throws IOException {
        try (PageStore store = PageStore.open(config);
                Workspace work = store.workspace()) {
            store(store, work, pages, first);
        }
    }

    static void store(PageStore store, Workspace work, int pages, int first) {
        for (int slot = 0; slot < pages; slot++) {
            assertEquals(StoreStatus.OK, store.store(slot, page(first + slot), 0, work), "slot " + slot);
        }
    }

    static Found load(StoreConfig config, int pages, int first) throws IOException {
        try (PageStore store = PageStore.open(config);
                Workspace work = store.workspace()) {
            return load(store, work, pages, first);
        }
    }

    static Found load(PageStore store, Workspace work, int pages, int first) {
        ByteBuffer out = Pages.buffer();
        int right = 0;
        int lost = 0;
        for (int slot = 0; slot < pages; slot++) {
            boolean isRead = store.load(slot, out, 0, work) == StoreStatus.OK;
            lost += isRead ? 0 : 1;
            right += isRead && Pages.equal(page(first + slot), out) ? 1 : 0;
        }
        return new Found(right, lost, pages - right - lost);
    }
}
