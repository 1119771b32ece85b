package dev.ramzswap.daemon;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class LogQueueTest {
    private static final Duration LONG = Duration.ofSeconds(20);

    /** Stands still until it is read. */
    private static final class Pipe extends OutputStream {
        final CountDownLatch isFull = new CountDownLatch(1);
        final CountDownLatch isRead = new CountDownLatch(1);
        final ByteArrayOutputStream read = new ByteArrayOutputStream();

        @Override
        public void write(int value) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void write(byte[] bytes, int from, int count) throws IOException {
            isFull.countDown();
            try {
                isRead.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            read.write(bytes, from, count);
        }
    }

    private static byte[] line(int number) {
        return ("line " + number + "\n").getBytes(US_ASCII);
    }

    /** Nobody who logs waits; what is written keeps its order, and what is missing is counted. */
    @Test
    void aStreamThatStandsStillHoldsNobodyUp() throws InterruptedException {
        Pipe pipe = new Pipe();
        LogQueue queue = new LogQueue(pipe, "note: ");
        queue.add(line(0));
        pipe.isFull.await();
        int lines = 20_000;
        for (int i = 1; i < lines; i++) {
            queue.add(line(i));
        }
        queue.flush(Duration.ofMillis(1)); // gives up
        pipe.isRead.countDown();
        queue.flush(LONG);
        queue.add(line(lines));
        queue.flush(LONG);

        List<String> read = pipe.read.toString(US_ASCII).lines().toList();
        int kept = read.size() - 2;
        assertTrue(kept > 1000, "lines: " + kept);
        for (int i = 0; i < kept; i++) {
            assertEquals("line " + i, read.get(i));
        }
        assertEquals(
                List.of(
                        "note: lines of this log that were dropped here, since they could not be written: "
                                + (lines - kept),
                        "line " + lines),
                read.subList(kept, kept + 2));
    }

    @Test
    void aLineThatIsLongerThanAllRoomIsCut() {
        var written = new ByteArrayOutputStream();
        LogQueue queue = new LogQueue(written, "note: ");
        queue.add(("x".repeat(LogQueue.BYTES) + "\n").getBytes(US_ASCII));
        queue.add(line(2));
        queue.flush(LONG);
        assertEquals("x".repeat(LogQueue.LINE_BYTES - 1) + "\nline 2\n", written.toString(US_ASCII));
    }

    @Test
    void aStreamThatFailsEndsNothing() {
        LogQueue queue = new LogQueue(
                new OutputStream() {
                    @Override
                    public void write(int value) throws IOException {
                        throw new IOException("closed");
                    }
                },
                "");
        queue.add(line(1));
        queue.flush(LONG);
        queue.add(line(2));
        queue.flush(LONG);
    }

    /** As on a disk that was full for a while. */
    @Test
    void whatCouldNotBeWrittenIsCounted() {
        var written = new ByteArrayOutputStream();
        var isFull = new AtomicBoolean(true);
        LogQueue queue = new LogQueue(
                new OutputStream() {
                    @Override
                    public void write(int value) {
                        throw new UnsupportedOperationException();
                    }

                    @Override
                    public void write(byte[] bytes, int from, int count) throws IOException {
                        if (isFull.get()) {
                            throw new IOException("No space left on device");
                        }
                        written.write(bytes, from, count);
                    }
                },
                "note: ");
        for (int i = 0; i < 100; i++) {
            queue.add(line(i));
            queue.flush(LONG);
        }
        isFull.set(false);
        queue.add(line(100));
        queue.flush(LONG);
        queue.add(line(101));
        queue.flush(LONG);
        assertEquals(
                List.of(
                        "line 100",
                        "note: lines of this log that were dropped here, since they could not be written: 100",
                        "line 101"),
                written.toString(US_ASCII).lines().toList());
    }
}
