package dev.ramzswap.store;

import static dev.ramzswap.store.TouchedPages.PAGE_BYTES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.linux.MappedFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class TouchedPagesTest {
    @Test
    void theNextOneIsFoundWhereverItIs() throws IOException {
        SplittableRandom random = new SplittableRandom(1);
        try (MappedFile file = MappedFile.inMemory("counters", Counters.FILE_BYTES);
                Arena arena = Arena.ofConfined()) {
            for (int pages : new int[] {1, 31, 32, 33, 64, 1000}) {
                TouchedPages touched =
                        new TouchedPages((long) pages * PAGE_BYTES, Counters.begin(file, "test", 1), arena);
                TreeSet<Long> model = new TreeSet<>();
                for (int i = 0; i < pages; i++) {
                    check(touched, model, pages);
                    long page = random.nextInt(pages);
                    touched.add(page * PAGE_BYTES + 8);
                    model.add(page);
                }
            }
        }
    }

    private static void check(TouchedPages touched, TreeSet<Long> model, int pages) {
        for (long page = 0; page < pages; page++) {
            Long next = model.ceiling(page);
            long found = touched.next(page * PAGE_BYTES + 16);
            if (next == null) {
                assertTrue(found >= (long) pages * PAGE_BYTES);
            } else {
                assertEquals(Math.max(next * PAGE_BYTES, page * PAGE_BYTES + 16), found);
            }
        }
    }
}
