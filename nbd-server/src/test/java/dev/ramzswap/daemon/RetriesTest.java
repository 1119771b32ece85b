package dev.ramzswap.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RetriesTest {
    private static final Duration BOUND = Duration.ofSeconds(30);

    private boolean hasThreads;

    private Thread start(String name, Runnable task) {
        if (!hasThreads) {
            throw new OutOfMemoryError("made up: unable to create native thread");
        }
        return Thread.ofPlatform().daemon().name(name).start(task);
    }

    @Test
    void whatThereIsNoThreadForWaitsForOne() throws Exception {
        try (Retries retries = new Retries(this::start)) {
            var attempted = new CountDownLatch(1);
            assertEquals(Optional.empty(), retries.begin("x", () -> said(attempted, ""), "something is missing"));
            retries.beginWaiting();
            assertEquals(1, attempted.getCount());
            hasThreads = true;
            retries.beginWaiting();
            assertTrue(attempted.await(BOUND.toSeconds(), TimeUnit.SECONDS));
        }
    }

    private static String said(CountDownLatch attempts, String wrong) {
        attempts.countDown();
        return wrong;
    }

    @Test
    void whatFailsIsTriedUntilItIsClosed() throws Exception {
        hasThreads = true;
        var attempts = new CountDownLatch(2);
        Retries retries = new Retries(this::start);
        Thread thread = retries.begin("x", () -> said(attempts, "wrong"), "something is missing")
                .orElseThrow();
        assertTrue(attempts.await(BOUND.toSeconds(), TimeUnit.SECONDS));
        retries.close();
        assertTrue(thread.join(BOUND));
    }
}
