package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ramzswap.linux.MappedFile;
import dev.ramzswap.store.Counters.Counter;
import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PageGaugesTest {
    private static final int MOVES = 200_000;
    private static final long SAME_FILLED = Slot.fill(0, 7);
    private static final long COMPRESSED = Slot.inPool(Codec.LZ4, 1000, 0);
    private static final long HUGE = Slot.inPool(Codec.RAW, 4096, 0);
    private static final long IN_FILE = Slot.inFile(Codec.LZ4, 1000, 0);
    private static final long RARE_FILL_IN_FILE = Slot.inFile(Codec.FILL, 8, 0);

    private MappedFile file;
    private Counters counters;
    private PageGauges gauges;

    @BeforeEach
    void begin() throws IOException {
        file = MappedFile.inMemory("counters", Counters.FILE_BYTES);
        counters = Counters.begin(file, "test", 1);
        gauges = new PageGauges(counters);
    }

    @AfterEach
    void end() throws IOException {
        file.close();
    }

    @Test
    void gaugesAreThoseOfTheLastWord() {
        exchange(Slot.HOLE, SAME_FILLED);
        assertGauges(4096, 0, 1, 0, 0);
        exchange(SAME_FILLED, COMPRESSED);
        assertGauges(4096, 1000, 0, 0, 0);
        exchange(COMPRESSED, HUGE);
        assertGauges(4096, 4096, 0, 1, 0);
        exchange(HUGE, IN_FILE);
        assertGauges(4096, 0, 0, 0, 1);
        exchange(IN_FILE, RARE_FILL_IN_FILE);
        assertGauges(4096, 0, 1, 0, 1);
        exchange(RARE_FILL_IN_FILE, Slot.damaged(0));
        assertGauges(4096, 0, 0, 0, 0);
        exchange(Slot.damaged(0), Slot.HOLE);
        assertGauges(0, 0, 0, 0, 0);
    }

    /** Whoever reads the gauges meanwhile must not see it twice, nor miss it. */
    @Test
    void aPageThatIsMovedIsThereOnceAllTheTime() throws InterruptedException, ExecutionException {
        exchange(Slot.HOLE, COMPRESSED);
        FutureTask<Void> moves = new FutureTask<>(
                () -> {
                    for (int i = 0; i < MOVES; i++) {
                        exchange(COMPRESSED, IN_FILE);
                        exchange(IN_FILE, COMPRESSED);
                    }
                },
                null);
        Thread.ofPlatform().start(moves);
        while (!moves.isDone()) {
            assertEquals(4096, counters.get(Counter.ORIG_DATA_SIZE));
        }
        moves.get();
    }

    private void exchange(long old, long word) {
        gauges.exchange(old, word, Counters.KEEPER);
    }

    private void assertGauges(long... expected) {
        Counter[] names = {
            Counter.ORIG_DATA_SIZE, Counter.COMPR_DATA_SIZE, Counter.SAME_PAGES, Counter.HUGE_PAGES, Counter.BD_COUNT
        };
        for (int i = 0; i < names.length; i++) {
            assertEquals(expected[i], counters.get(names[i]), names[i].label());
        }
    }
}
