package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** All that may not happen ends in a test that hangs, hence the time limit. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BackgroundLoopTest {
    /** A loop that pauses for so long looks again only if it is woken: a wake-up that is lost is never made up for. */
    private static final long FOR_EVER = Long.MAX_VALUE;

    private final AtomicLong begun = new AtomicLong();
    private final List<BackgroundLoop> loops = new ArrayList<>();

    /** For looks that are to be under way for some time. */
    private final CountDownLatch mayEnd = new CountDownLatch(1);

    private BackgroundLoop start(BackgroundLoop.Step step) {
        BackgroundLoop loop = new BackgroundLoop("test", step, FOR_EVER);
        loops.add(loop);
        loop.start();
        return loop;
    }

    private BackgroundLoop startCounting() {
        return start(() -> {
            begun.incrementAndGet();
            return Look.NOTHING;
        });
    }

    /** A loop in whose first look it is, until {@link #mayEnd}. */
    private BackgroundLoop startHeld(Look look) throws InterruptedException {
        CountDownLatch isUnderWay = new CountDownLatch(1);
        BackgroundLoop loop = start(() -> {
            isUnderWay.countDown();
            awaitUnchecked(mayEnd);
            return look;
        });
        isUnderWay.await();
        return loop;
    }

    /** Somebody in a thread of his own, and what he was told. */
    private record Waiter<T>(Thread thread, FutureTask<T> answer) {}

    private static <T> Waiter<T> startWaiting(Callable<T> task) {
        Waiter<T> waiter = inAThread(task);
        awaitWaiting(waiter.thread());
        return waiter;
    }

    @AfterEach
    void close() {
        mayEnd.countDown();
        loops.forEach(BackgroundLoop::close);
    }

    private static <T> Waiter<T> inAThread(Callable<T> task) {
        FutureTask<T> answer = new FutureTask<>(task);
        return new Waiter<>(Thread.ofPlatform().daemon().start(answer), answer);
    }

    private static void awaitWaiting(Thread thread) {
        while (thread.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
    }

    /** Review of 27 November, 1.9: an Error ended the thread, and no store found room any more. */
    @Test
    void goesOnWhateverIsThrown() {
        List<BackgroundLoop> failing = List.of(
                startFailing(() -> {
                    throw new IOException("thrown by the test");
                }),
                startFailing(() -> {
                    throw new IllegalStateException("thrown by the test");
                }),
                startFailing(() -> {
                    throw new AssertionError("thrown by the test");
                }),
                startFailing(() -> {
                    throw new OutOfMemoryError("thrown by the test");
                }),
                startFailing(() -> Look.values()[overflow(0)]));
        for (BackgroundLoop loop : failing) {
            assertEquals(Look.NOTHING, awaitNotBlocked(loop));
        }
    }

    private static int overflow(int depth) {
        return overflow(depth + 1) + 1;
    }

    /** If memory is short, there may be none for the words either. */
    @Test
    void goesOnIfWhatWasThrownCannotEvenBeLogged() {
        BackgroundLoop loop = startFailing(() -> {
            throw new IOException() {
                @Override
                public String toString() {
                    throw new OutOfMemoryError("thrown by the test");
                }
            };
        });
        assertEquals(Look.NOTHING, awaitNotBlocked(loop));
    }

    /** The first look fails, the next ones find nothing. */
    private BackgroundLoop startFailing(BackgroundLoop.Step failure) {
        AtomicLong looks = new AtomicLong();
        return start(() -> looks.getAndIncrement() == 0 ? failure.run() : Look.NOTHING);
    }

    private static Look awaitNotBlocked(BackgroundLoop loop) {
        Look look;
        do {
            look = loop.awaitLook(FOR_EVER);
        } while (look == Look.BLOCKED);
        return look;
    }

    @Test
    void aLookThatThrowsIsAnsweredAsBlocked() {
        BackgroundLoop loop = start(() -> {
            throw new IOException("thrown by the test");
        });
        assertEquals(Look.BLOCKED, loop.awaitLook(FOR_EVER));
    }

    @Test
    void whoAwaitsALookIsAnsweredByOneThatBeganAfterwards() throws Exception {
        CountDownLatch isFirstUnderWay = new CountDownLatch(1);
        BackgroundLoop loop = start(() -> {
            if (begun.getAndIncrement() > 0) {
                return Look.NOTHING;
            }
            isFirstUnderWay.countDown();
            awaitUnchecked(mayEnd);
            return Look.GAINED;
        });
        isFirstUnderWay.await();
        FutureTask<Look> answer = startWaiting(() -> loop.awaitLook(FOR_EVER)).answer();
        mayEnd.countDown();
        assertEquals(Look.NOTHING, answer.get(), "the look that was under way saw nothing of what came later");
        assertTrue(begun.get() >= 2);
    }

    private static void awaitUnchecked(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aLookThatIsNotOverInTimeIsBlocked() throws Exception {
        BackgroundLoop loop = startHeld(Look.GAINED);
        assertEquals(Look.BLOCKED, loop.awaitLook(0));
        assertEquals(Look.BLOCKED, loop.awaitLook(1_000_000));
        mayEnd.countDown();
    }

    @Test
    void whileSomethingIsGainedItLooksAgainByItself() throws Exception {
        CountDownLatch looks = new CountDownLatch(100);
        start(() -> {
            looks.countDown();
            return looks.getCount() > 0 ? Look.GAINED : Look.NOTHING;
        });
        looks.await();
    }

    @Test
    void aWakeUpDuringALookMakesAnother() throws Exception {
        CountDownLatch isUnderWay = new CountDownLatch(1);
        CountDownLatch second = new CountDownLatch(2);
        BackgroundLoop loop = start(() -> {
            second.countDown();
            isUnderWay.countDown();
            awaitUnchecked(mayEnd);
            return Look.NOTHING;
        });
        isUnderWay.await();
        loop.wake();
        mayEnd.countDown();
        second.await();
    }

    @Test
    void aClosedLoopAnswersAtOnce() {
        BackgroundLoop loop = startCounting();
        loop.close();
        long before = begun.get();
        assertEquals(Look.NOTHING, loop.awaitLook(FOR_EVER));
        loop.wake();
        loop.close();
        assertEquals(before, begun.get());
    }

    @Test
    void oneThatWasNeverStartedAnswersWhenItIsClosed() throws Exception {
        BackgroundLoop loop = new BackgroundLoop("test", () -> Look.GAINED, FOR_EVER);
        FutureTask<Look> answer = startWaiting(() -> loop.awaitLook(FOR_EVER)).answer();
        loop.close();
        assertEquals(Look.NOTHING, answer.get());
    }

    @Test
    void whoWaitsWhenItIsClosedIsAnswered() throws Exception {
        BackgroundLoop loop = startHeld(Look.GAINED);
        FutureTask<Look> answer = startWaiting(() -> loop.awaitLook(FOR_EVER)).answer();
        Waiter<Void> closing = inAThread(() -> {
            loop.close();
            return null;
        });
        assertEquals(Look.NOTHING, answer.get(), "also while the last look is still under way");
        mayEnd.countDown();
        closing.answer().get();
    }

    @Test
    void itCanBeClosedWhileItPausesAfterAnError() throws Exception {
        CountDownLatch hasThrown = new CountDownLatch(1);
        BackgroundLoop loop = start(() -> {
            hasThrown.countDown();
            throw new IOException("thrown by the test");
        });
        hasThrown.await();
        loop.close();
        assertEquals(Look.NOTHING, loop.awaitLook(FOR_EVER));
    }

    @Test
    void whoIsInterruptedIsAnsweredAllTheSameAndStaysInterrupted() throws Exception {
        BackgroundLoop loop = startCounting();
        for (int i = 0; i < 100; i++) {
            Thread.currentThread().interrupt();
            long before = begun.get();
            assertEquals(Look.NOTHING, loop.awaitLook(FOR_EVER));
            assertTrue(begun.get() > before);
            assertTrue(Thread.interrupted());
        }
    }

    @Test
    void whoIsInterruptedWhileHeWaitsIsAnsweredAllTheSame() throws Exception {
        BackgroundLoop loop = startHeld(Look.NOTHING);
        Waiter<Boolean> waiter = startWaiting(() -> loop.awaitLook(FOR_EVER) == Look.NOTHING
                && Thread.currentThread().isInterrupted());
        waiter.thread().interrupt();
        while (waiter.thread().isInterrupted()) {
            Thread.onSpinWait();
        }
        assertFalse(waiter.answer().isDone());
        mayEnd.countDown();
        assertTrue(waiter.answer().get());
    }

    /** Review of 27 November, 1.10: a wake-up between the end of a look and the pause was lost. */
    @Test
    void noWakeUpIsLost() throws Exception {
        BackgroundLoop loop = startCounting();
        int threads = 4;
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Future<?>> futures = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                boolean isWaiter = i % 2 == 0;
                futures.add(pool.submit(() -> isWaiter ? awaitLooks(loop, 20_000) : wakeAndSee(loop, 20_000)));
            }
            for (Future<?> future : futures) {
                future.get();
            }
        } finally {
            pool.shutdownNow();
            assertTrue(pool.awaitTermination(1, TimeUnit.MINUTES));
        }
    }

    private Void awaitLooks(BackgroundLoop loop, int times) {
        for (int i = 0; i < times; i++) {
            long before = begun.get();
            assertEquals(Look.NOTHING, loop.awaitLook(FOR_EVER));
            assertTrue(begun.get() > before, "answered by a look that began before");
        }
        return null;
    }

    private Void wakeAndSee(BackgroundLoop loop, int times) {
        for (int i = 0; i < times; i++) {
            long before = begun.get();
            loop.wake();
            while (begun.get() == before && !Thread.currentThread().isInterrupted()) {
                Thread.onSpinWait();
            }
        }
        return null;
    }
}
