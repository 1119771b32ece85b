package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.store.Counters.Counter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The process that {@link LargestStoreTest} runs: stores a few pages in a store of the most slots that there may be,
 * takes them over as the next daemon would, and prints how many bytes of memory are counted then, and the most KiB that
 * were resident.
 */
final class LargestStore {
    private static final long SLOTS = PageStore.MOST_BYTES / PageStore.SLOT_BYTES;
    private static final long[] USED = {0, SLOTS / 3, SLOTS - 1};

    private LargestStore() {}

    public static void main(String[] arguments) throws IOException {
        StoreConfig config = new TestConfig(SLOTS)
                .overcommit()
                .stateDirectory(Path.of(arguments[0]))
                .build();
        try (PageStore store = PageStore.open(config);
                Workspace work = store.workspace()) {
            for (long slot : USED) {
                assertEquals(StoreStatus.OK, store.store(slot, Pages.page(slot), 0, work), "slot " + slot);
            }
        }
        try (PageStore store = PageStore.open(config);
                Workspace work = store.workspace()) {
            ByteBuffer out = Pages.buffer();
            for (long slot : USED) {
                assertEquals(StoreStatus.OK, store.load(slot, out, 0, work), "slot " + slot);
                assertTrue(Pages.equal(Pages.page(slot), out), "slot " + slot);
            }
            System.out.println(store.counters().get(Counter.MEM_USED_TOTAL) + " " + mostResident());
        }
    }

    private static long mostResident() throws IOException {
        String line = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(other -> other.startsWith("VmHWM:"))
                .findFirst()
                .orElseThrow();
        return Long.parseLong(line.replaceAll("\\D", ""));
    }
}
