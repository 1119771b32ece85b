package dev.ramzswap.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EndingTest {
    private static final Duration BOUND = Duration.ofSeconds(10);

    @TempDir
    private Path temp;

    private volatile boolean isAttached;

    /** Ends when the daemon may. */
    private static Thread waiter(Ending ending) {
        return Thread.ofPlatform().daemon().start(() -> {
            try {
                while (!ending.awaitRequest(BOUND)) {}
                while (ending.isDraining()) {
                    ending.pause(BOUND);
                }
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
    }

    @Test
    void endsOnTheFirstRequestIfNobodyIsAttached() throws InterruptedException {
        Ending ending = new Ending(() -> isAttached);
        Thread waiter = waiter(ending);
        assertFalse(waiter.join(Duration.ofMillis(50)));
        assertFalse(ending.request());
        assertTrue(waiter.join(BOUND));
    }

    @Test
    void waitsForWhoIsAttachedHoweverOftenItIsAsked() throws InterruptedException {
        isAttached = true;
        Ending ending = new Ending(() -> isAttached);
        Thread waiter = waiter(ending);
        assertTrue(ending.request());
        assertTrue(ending.request());
        ending.left();
        assertFalse(waiter.join(Duration.ofMillis(50)));
        isAttached = false;
        while (!waiter.join(Duration.ofMillis(10))) {
            ending.left(); // one may come before it waits, as a look may
        }
    }

    @Test
    void forceEndsADrainingOne() throws InterruptedException {
        Ending ending = new Ending(() -> true);
        ending.request();
        Thread waiter = waiter(ending);
        ending.force();
        assertTrue(waiter.join(BOUND));
        assertTrue(ending.isForced());
    }

    /** The real thing, in a JVM of its own. */
    public static final class Stubborn {
        public static void main(String[] args) throws Exception {
            AtomicBoolean isAttached = new AtomicBoolean(true);
            Ending ending = new Ending(isAttached::get);
            Signals.onTermination(() -> System.out.println(ending.request() ? "draining" : "ending"));
            Signals.onHangUp(() -> System.out.println("hung up"));
            System.out.println("ready");
            while (System.in.read() >= 0) {
                // the parent closes the pipe when the client is gone
            }
            isAttached.set(false);
            while (ending.isDraining()) {
                ending.pause(BOUND);
            }
            System.out.println("ended");
        }
    }

    private static void hangUp(Process process) throws IOException, InterruptedException {
        assertEquals(
                0,
                new ProcessBuilder("kill", "-HUP", Long.toString(process.pid()))
                        .start()
                        .waitFor());
    }

    @Test
    void aSignalRunsTheActionAndNothingElse() throws Exception {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        Process process = new ProcessBuilder(
                        java.toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Stubborn.class.getName())
                .directory(temp.toFile())
                .redirectErrorStream(true)
                .start();
        try (var lines = process.inputReader(StandardCharsets.UTF_8)) {
            assertEquals("ready", lines.readLine());
            for (int i = 0; i < 2; i++) {
                process.toHandle().destroy();
                assertEquals("draining", lines.readLine());
            }
            hangUp(process);
            assertEquals("hung up", lines.readLine());
            process.getOutputStream().close();
            assertEquals("ended", lines.readLine());
            assertTrue(process.waitFor(10, TimeUnit.SECONDS));
            assertEquals(0, process.exitValue());
        } finally {
            process.destroyForcibly();
        }
    }
}
