package dev.ramzswap.closing;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class JoinsTest {
    @Test
    void anInterruptIsKeptUntilTheThreadHasEnded() throws InterruptedException {
        var mayEnd = new CountDownLatch(1);
        Thread waitedFor = Thread.ofPlatform().start(() -> {
            try {
                mayEnd.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        var wasInterrupted = new boolean[1];
        Thread waiting = Thread.ofPlatform().start(() -> {
            Joins.uninterruptibly(waitedFor);
            wasInterrupted[0] = Thread.currentThread().isInterrupted() && !waitedFor.isAlive();
        });

        waiting.interrupt();
        waiting.join(100);
        assertTrue(waiting.isAlive());
        mayEnd.countDown();
        waiting.join();

        assertTrue(wasInterrupted[0]);
        assertFalse(waitedFor.isAlive());
    }
}
