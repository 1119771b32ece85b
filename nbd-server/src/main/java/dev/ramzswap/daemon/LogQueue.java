package dev.ramzswap.daemon;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;

/**
 * Lines on their way to a stream that may stand still: a pipe that nobody reads, a file whose pages must wait for
 * memory, a journal that is itself swapped out. Who logs may be who pages wait for, so nobody waits here but a thread
 * of the queue's own. What finds no room is dropped, and how much that was is said where it would stand. Its memory is
 * there from the start. Thread-safe.
 */
final class LogQueue {
    static final int BYTES = 64 << 10;

    /** Of a write: more would be copied to memory that the JDK asks malloc for (io_util.c, writeBytes). */
    private static final int PIECE_BYTES = 8 << 10;

    private static final int NOTE_BYTES = 128;

    /** Of a line: a longer one is cut, and not dropped for ever. */
    static final int LINE_BYTES = 8 << 10;

    private final OutputStream out;
    private final String noteStart;
    private byte[] queued = new byte[BYTES];
    private byte[] leaving = new byte[BYTES];
    private int bytes;
    private long dropped;

    /** Lines that could not be written. Told of with the next: to try at once would be to try without end. */
    private long lost;

    /** What the note in {@link #leaving} tells of; 0 if there is none. */
    private long noted;

    private boolean isWriting;

    /** @param noteStart what the line begins with that tells of dropped ones */
    LogQueue(OutputStream out, String noteStart) {
        this.out = out;
        this.noteStart = noteStart;
        Thread.ofPlatform().name("log").daemon().start(this::run);
    }

    /** Adds a whole line, with its end. */
    synchronized void add(byte[] line) {
        if (Math.min(line.length, LINE_BYTES) > BYTES - NOTE_BYTES - bytes) {
            dropped++;
        } else {
            append(line.length > LINE_BYTES ? cut(line) : line);
        }
        notifyAll();
    }

    private static byte[] cut(byte[] line) {
        byte[] start = Arrays.copyOf(line, LINE_BYTES);
        start[LINE_BYTES - 1] = '\n';
        return start;
    }

    /** Waits until all is written, as long as that. */
    synchronized void flush(Duration most) {
        long end = System.nanoTime() + most.toNanos();
        try {
            for (long left = most.toMillis(); isBusy() && left > 0; left = (end - System.nanoTime()) / 1_000_000) {
                wait(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isBusy() {
        return bytes > 0 || dropped > 0 || isWriting;
    }

    private void append(byte[] line) {
        System.arraycopy(line, 0, queued, bytes, line.length);
        bytes += line.length;
    }

    private void run() {
        try {
            while (true) {
                write(takeAll());
                written();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // nobody does
        }
    }

    /** Waits for lines. @return how many bytes of them are {@link #leaving} */
    private synchronized int takeAll() throws InterruptedException {
        while (bytes == 0 && dropped == 0) {
            wait();
        }
        noted = dropped + lost;
        if (noted > 0) {
            String note = noteStart + "lines of this log that were dropped here, since they could not be written: "
                    + noted + "\n";
            append(note.getBytes(StandardCharsets.US_ASCII));
        }
        byte[] taken = queued;
        queued = leaving;
        leaving = taken;
        int count = bytes;
        bytes = 0;
        dropped = 0;
        lost = 0;
        isWriting = true;
        return count;
    }

    private void write(int count) {
        int at = 0;
        try {
            for (; at < count; at += PIECE_BYTES) {
                out.write(leaving, at, Math.min(PIECE_BYTES, count - at));
            }
        } catch (IOException e) {
            lose(at, count); // there is nobody else to tell
        }
    }

    /** The note is the last line, and stands for as many as it tells of. */
    private synchronized void lose(int from, int count) {
        for (int i = from; i < count; i++) {
            if (leaving[i] == '\n') {
                lost++;
            }
        }
        if (noted > 0) {
            lost += noted - 1;
        }
    }

    private synchronized void written() {
        isWriting = false;
        notifyAll();
    }
}
