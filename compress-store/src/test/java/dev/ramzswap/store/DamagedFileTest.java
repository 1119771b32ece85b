package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.store.Counters.Counter;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Contract points 5 and 6 for a backing file that somebody has damaged, under a store and before a takeover: errors for
 * what is lost, all else is served, and every slot takes a new page.
 */
class DamagedFileTest {
    private static final int SLOTS = 2000;
    private static final long LIMIT = 2 << 20;

    /** What becomes of the file, and how many of its pages that may lose. */
    private enum Damage {
        EMPTIED(Loss.ALL) {
            @Override
            void inflict(Path file) throws IOException {
                truncate(file, 0);
            }
        },
        CUT_TO_A_QUARTER(Loss.SOME) {
            @Override
            void inflict(Path file) throws IOException {
                truncate(file, Files.size(file) / 4);
            }
        },
        CUT_IN_A_BLOCK(Loss.SOME) {
            @Override
            void inflict(Path file) throws IOException {
                truncate(file, Files.size(file) / 5 + 1);
            }
        },
        LABEL_CUT_OFF(Loss.NONE) {
            @Override
            void inflict(Path file) throws IOException {
                truncate(file, Files.size(file) - 4096);
            }
        },
        LABEL_OVERWRITTEN(Loss.NONE) {
            @Override
            void inflict(Path file) throws IOException {
                overwrite(file, Files.size(file) - 4096, 4096);
            }
        },
        BITS_FLIPPED(Loss.SOME) {
            @Override
            void inflict(Path file) throws IOException {
                try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
                    for (long at = 100; at < access.length() - 4096; at += 20_000) {
                        access.seek(at);
                        int value = access.read();
                        access.seek(at);
                        access.write(value ^ 1 << at % 8);
                    }
                }
            }
        },
        OVERWRITTEN(Loss.ALL) {
            @Override
            void inflict(Path file) throws IOException {
                overwrite(file, 0, Files.size(file));
            }
        },
        DELETED(Loss.ALL) {
            @Override
            void inflict(Path file) throws IOException {
                Files.delete(file);
            }
        },
        REPLACED_BY_A_DIRECTORY(Loss.ALL) {
            @Override
            void inflict(Path file) throws IOException {
                Files.delete(file);
                Files.createDirectory(file);
            }
        };

        final Loss loss;

        Damage(Loss loss) {
            this.loss = loss;
        }

        abstract void inflict(Path file) throws IOException;

        private static void truncate(Path file, long bytes) throws IOException {
            try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
                access.setLength(bytes);
            }
        }

        private static void overwrite(Path file, long at, long bytes) throws IOException {
            byte[] garbage = new byte[(int) bytes];
            new Random(1).nextBytes(garbage);
            try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
                access.seek(at);
                access.write(garbage);
            }
        }
    }

    private enum Loss {
        NONE,
        SOME,
        ALL
    }

    @TempDir
    Path directory;

    private final ByteBuffer out = Pages.buffer();
    private final Logger logger = Logger.getLogger("dev.ramzswap.backing");

    @BeforeEach
    void beQuiet() {
        logger.setLevel(Level.OFF);
    }

    @AfterEach
    void beLoud() {
        logger.setLevel(null);
    }

    @ParameterizedTest
    @EnumSource
    void underAStore(Damage damage) throws IOException {
        try (PageStore store = PageStore.open(config());
                Workspace work = store.workspace()) {
            fill(store, work);
            damage.inflict(file());
            // A file without a name is still there.
            Loss loss = Files.isRegularFile(file()) ? damage.loss : Loss.NONE;
            assertServed(store, loss, work);
        }
    }

    @ParameterizedTest
    @EnumSource
    void beforeATakeover(Damage damage) throws IOException {
        try (PageStore store = PageStore.open(config());
                Workspace work = store.workspace()) {
            fill(store, work);
        }
        damage.inflict(file());
        try (PageStore store = PageStore.open(config());
                Workspace work = store.workspace()) {
            assertTrue(store.isTakenOver());
            assertServed(store, damage.loss, work);
        }
    }

    private Path file() {
        return directory.resolve("file");
    }

    private StoreConfig config() {
        return new TestConfig(SLOTS)
                .limit(LIMIT)
                .backing(file())
                .stateDirectory(directory.resolve("state"))
                .build();
    }

    private static ByteBuffer page(int number) {
        return number % 3 == 0 ? Pages.page(number) : Pages.page(Pages.Kind.INCOMPRESSIBLE, number);
    }

    private static void fill(PageStore store, Workspace work) {
        for (int slot = 0; slot < SLOTS; slot++) {
            assertEquals(StoreStatus.OK, store.store(slot, page(slot), 0, work));
        }
        assertTrue(store.counters().get(Counter.BD_COUNT) > SLOTS / 2);
    }

    private void assertServed(PageStore store, Loss loss, Workspace work) {
        long inRam = SLOTS - store.counters().get(Counter.BD_COUNT);
        int lost = 0;
        for (int slot = 0; slot < SLOTS; slot++) {
            int status = store.load(slot, out, 0, work);
            if (status == StoreStatus.OK) {
                assertTrue(Pages.equal(page(slot), out), "slot " + slot + " holds other bytes");
            } else {
                assertEquals(StoreStatus.IO_ERROR, status);
                lost++;
            }
        }
        assertEquals(loss == Loss.NONE, lost == 0, lost + " lost");
        assertTrue(lost <= SLOTS - inRam, lost + " lost, " + inRam + " are in RAM");
        assertTrue(loss == Loss.ALL || lost < (SLOTS - inRam) * 9 / 10, lost + " lost");
        assertEquals(lost, store.counters().get(Counter.IO_ERRORS));
        assertTakesNewPages(store, work);
    }

    private void assertTakesNewPages(PageStore store, Workspace work) {
        store.setLimit(StoreConfig.NO_LIMIT);
        for (int slot = 0; slot < SLOTS; slot++) {
            assertEquals(StoreStatus.OK, store.store(slot, page(slot + 1), 0, work));
        }
        for (int slot = 0; slot < SLOTS; slot++) {
            assertEquals(StoreStatus.OK, store.load(slot, out, 0, work));
            assertTrue(Pages.equal(page(slot + 1), out), "slot " + slot + " holds other bytes");
        }
    }
}
