package dev.ramzswap.store;

import static dev.ramzswap.store.PageSet.PAGE_BYTES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class PageSetTest {
    @Test
    void theNextOneIsFoundWhereverItIs() {
        SplittableRandom random = new SplittableRandom(1);
        try (Arena arena = Arena.ofConfined()) {
            for (int pages : new int[] {1, 31, 32, 33, 64, 1000}) {
                PageSet set = new PageSet((long) pages * PAGE_BYTES, arena);
                TreeSet<Long> model = new TreeSet<>();
                for (int i = 0; i < pages; i++) {
                    check(set, model, pages);
                    long page = random.nextInt(pages);
                    assertEquals(model.add(page), set.add(page * PAGE_BYTES + 8));
                }
            }
        }
    }

    private static void check(PageSet set, TreeSet<Long> model, int pages) {
        for (long page = 0; page < pages; page++) {
            Long next = model.ceiling(page);
            long found = set.next(page * PAGE_BYTES + 16);
            if (next == null) {
                assertTrue(found >= (long) pages * PAGE_BYTES);
            } else {
                assertEquals(Math.max(next * PAGE_BYTES, page * PAGE_BYTES + 16), found);
            }
        }
    }
}
