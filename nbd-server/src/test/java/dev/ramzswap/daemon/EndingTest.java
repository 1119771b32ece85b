package dev.ramzswap.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EndingTest {
    private static final Duration BOUND = Duration.ofSeconds(10);

    @TempDir
    private Path temp;

    private static Thread waiter(Ending ending) {
        return Thread.ofPlatform().daemon().start(() -> {
            try {
                ending.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
    }

    @Test
    void endsOnTheFirstRequestWithoutClients() throws InterruptedException {
        Ending ending = new Ending(true);
        Thread waiter = waiter(ending);
        assertFalse(ending.request());
        assertTrue(waiter.join(BOUND));
    }

    @Test
    void endsOnTheFirstRequestIfItIsNoSwap() throws InterruptedException {
        Ending ending = new Ending(false);
        ending.clients(2);
        assertFalse(ending.request());
        assertTrue(waiter(ending).join(BOUND));
    }

    @Test
    void swapWaitsForItsLastClientHoweverOftenItIsAsked() throws InterruptedException {
        Ending ending = new Ending(true);
        ending.clients(2);
        Thread waiter = waiter(ending);
        assertTrue(ending.request());
        assertTrue(ending.request());
        ending.clients(1);
        assertTrue(ending.isDraining());
        assertFalse(waiter.join(Duration.ofMillis(50)));
        ending.clients(0);
        assertTrue(waiter.join(BOUND));
    }

    @Test
    void clientsThatGoDoNotEndWhatNobodyToldToEnd() throws InterruptedException {
        Ending ending = new Ending(true);
        Thread waiter = waiter(ending);
        ending.clients(1);
        ending.clients(0);
        assertFalse(waiter.join(Duration.ofMillis(50)));
        ending.force();
        assertTrue(waiter.join(BOUND));
    }

    @Test
    void forceEndsADrainingOne() throws InterruptedException {
        Ending ending = new Ending(true);
        ending.clients(1);
        ending.request();
        Thread waiter = waiter(ending);
        ending.force();
        assertTrue(waiter.join(BOUND));
        assertTrue(ending.isForced());
    }

    /** The real thing, in a JVM of its own. */
    public static final class Stubborn {
        public static void main(String[] args) throws Exception {
            Ending ending = new Ending(true);
            ending.clients(1);
            Signals.onTermination(() -> System.out.println(ending.request() ? "draining" : "ending"));
            System.out.println("ready");
            while (System.in.read() >= 0) {
                // the parent closes the pipe when the client is gone
            }
            ending.clients(0);
            ending.await();
            System.out.println("ended");
        }
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
            process.getOutputStream().close();
            assertEquals("ended", lines.readLine());
            assertTrue(process.waitFor(10, TimeUnit.SECONDS));
            assertEquals(0, process.exitValue());
        } finally {
            process.destroyForcibly();
        }
    }
}
