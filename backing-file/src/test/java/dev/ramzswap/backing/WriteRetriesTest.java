package dev.ramzswap.backing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class WriteRetriesTest {
    private static final long HOUR = TimeUnit.HOURS.toNanos(1);

    private final WriteRetries retries = new WriteRetries(new Delays(HOUR, HOUR, HOUR, HOUR));

    /** As a rescue's write beside one of the flusher's. */
    @Test
    void aWriteThatBeganEarlierAndFailsLaterTellsNothingNew() {
        retries.failed(0, System.nanoTime());
        long begin = System.nanoTime();
        LockSupport.parkNanos(5_000_000);
        retries.failed(2, System.nanoTime());
        long known = retries.failingNanos();
        assertTrue(known > 1);
        retries.failed(1, begin);
        assertEquals(known, retries.failingNanos());
    }
}
