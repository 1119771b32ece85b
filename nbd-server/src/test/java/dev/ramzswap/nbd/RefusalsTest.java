package dev.ramzswap.nbd;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RefusalsTest {
    @Test
    void areToldOnceASecond() {
        var now = new AtomicLong(Long.MAX_VALUE - 5); // the clock may pass its end
        var refusals = new Refusals(now::get);
        assertTrue(refusals.isDue());
        now.addAndGet(999_999_999);
        assertFalse(refusals.isDue());
        now.addAndGet(1);
        assertTrue(refusals.isDue());
        assertFalse(refusals.isDue());
    }
}
