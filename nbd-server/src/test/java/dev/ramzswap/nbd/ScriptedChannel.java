package dev.ramzswap.nbd;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.stream.IntStream;

/** A client whose bytes arrive in given pieces, one for each read at most, and that leaves after the last. */
final class ScriptedChannel implements ByteChannel {
    private final Deque<ByteBuffer> pieces = new ArrayDeque<>();
    private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
    private boolean open = true;
    /** How many times the server has written. */
    int writes;

    /** @param cuts where the bytes are cut, ascending */
    ScriptedChannel(byte[] bytes, int... cuts) {
        int from = 0;
        for (int cut : cuts) {
            pieces.add(ByteBuffer.wrap(bytes, from, cut - from));
            from = cut;
        }
        pieces.add(ByteBuffer.wrap(bytes, from, bytes.length - from));
    }

    /** Cuts into pieces of so many bytes. */
    static int[] every(int count, byte[] bytes) {
        return IntStream.rangeClosed(1, bytes.length / count)
                .map(piece -> piece * count)
                .toArray();
    }

    @Override
    public synchronized int read(ByteBuffer into) {
        while (!pieces.isEmpty() && !pieces.peek().hasRemaining()) {
            pieces.remove();
        }
        if (pieces.isEmpty()) {
            return -1;
        }
        ByteBuffer piece = pieces.peek();
        int count = Math.min(piece.remaining(), into.remaining());
        into.put(piece.slice().limit(count));
        piece.position(piece.position() + count);
        return count;
    }

    @Override
    public synchronized int write(ByteBuffer from) {
        byte[] bytes = new byte[from.remaining()];
        from.get(bytes);
        sent.writeBytes(bytes);
        writes++;
        return bytes.length;
    }

    synchronized ServerBytes sent() {
        return new ServerBytes(new ByteArrayInputStream(sent.toByteArray()));
    }

    synchronized byte[] sentBytes() {
        return Arrays.copyOf(sent.toByteArray(), sent.size());
    }

    @Override
    public synchronized boolean isOpen() {
        return open;
    }

    @Override
    public synchronized void close() {
        open = false;
    }
}
