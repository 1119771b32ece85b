package dev.ramzswap.store;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the kernel has freed is done by the next daemon too, but only if no page came after it unseen. */
class FreedAtTakeoverTest {
    private static final int SLOTS = 64;
    private static final int FREED = 1;
    private static final int KEPT = 2;
    private static final long NAME = 7;
    private static final long BOUND_NANOS = 30_000_000_000L;

    @TempDir
    Path directory;

    private final MemorySegment bits = Arena.ofAuto().allocate(Long.BYTES, Long.BYTES);

    private PageStore open() throws IOException {
        return PageStore.open(new TestConfig(SLOTS)
                .overcommit()
                .stateDirectory(directory.resolve("state"))
                .build());
    }

    /** A first daemon has looked at the bits, and stored two pages. */
    @BeforeEach
    void storeTwo() throws IOException {
        try (PageStore store = open()) {
            assertTrue(store.freed().begin(bits, NAME));
            storeBoth(store);
        }
    }

    private static void storeBoth(PageStore store) {
        try (Workspace work = store.workspace()) {
            assertEquals(StoreStatus.OK, store.store(FREED, Pages.page(FREED), 0, work));
            assertEquals(StoreStatus.OK, store.store(KEPT, Pages.page(KEPT), 0, work));
        }
    }

    private void free() {
        bits.set(JAVA_LONG, 0, 1L << FREED);
    }

    @Test
    void whatIsFreedWhileThereIsNoneIsDroppedByTheNext() throws IOException {
        free();
        try (PageStore store = open()) {
            assertTrue(store.freed().takeOver(bits, NAME));
            long end = System.nanoTime() + BOUND_NANOS;
            while (store.extent(FREED) != PageStore.HOLE) {
                assertTrue(System.nanoTime() - end < 0, "kept");
                LockSupport.parkNanos(1_000_000);
            }
            assertEquals(PageStore.DATA, store.extent(KEPT));
        }
    }

    @Test
    void othersAreNotBelieved() throws IOException {
        try (PageStore store = open()) {
            assertFalse(store.freed().takeOver(bits, NAME + 1));
            assertFalse(store.freed().takeOver(bits, 0));
        }
    }

    /** A page that was stored then lies in a slot whose bit is set. */
    @Test
    void norIsAnyIfADaemonDidNotLookInBetween() throws IOException {
        free();
        try (PageStore store = open()) {
            storeBoth(store);
        }
        try (PageStore store = open()) {
            assertFalse(store.freed().takeOver(bits, NAME));
        }
    }

    /** Nobody had looked until then, and a page may have been stored since. */
    @Test
    void whatWasFreedBeforeTheFirstLookIsForgotten() throws Exception {
        free();
        try (PageStore store = open()) {
            store.keeper().pause();
            assertTrue(store.freed().begin(bits, NAME));
            assertEquals(0, bits.get(JAVA_LONG, 0));
            store.keeper().resume();
            assertEquals(PageStore.DATA, store.extent(FREED));
        }
    }
}
