package dev.ramzswap.nbd.tls;

import dev.ramzswap.nbd.io.IoBuffer;
import dev.ramzswap.nbd.io.IoShare;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;

/**
 * A channel of plain bytes through TLS over another channel:
 *
 * <pre>
 *   socket ──► in ──► unwrap ──► the reader's buffer, or, if a record has more than fits there, by way of rest
 *   socket ◄── out ◄── wrap ◄── the writer's buffer
 * </pre>
 *
 * One thread reads, any thread writes. Wrapping and sending is one step under one lock ({@code out}'s), since records
 * must leave in the order in which they were made. The reader takes that lock too, when a record that it unwrapped asks
 * for an answer: a KeyUpdate, an alert. A client that starts to shake hands once more (TLS 1.2) is cut off, as it would
 * buy much work for little.
 *
 * <p>The memory is here from the start; what {@link SSLEngine} itself allocates for each record is its own.
 * {@link #close} closes the socket at once and is safe from any thread, {@link #endOutput} says good-bye first, and
 * {@link #free} is for when no thread uses this any more.
 */
public final class TlsChannel implements ByteChannel {
    /** Bytes; a record that Java's implementation accepts has at most 33,093 (SSLRecord.maxLargeRecordSize). */
    public static final int BUFFER_BYTES = 64 << 10;

    /** Of a channel. */
    public static final int MEMORY_BYTES = 3 * BUFFER_BYTES;

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final ByteChannel socket;
    private final SSLEngine engine;
    private final IoBuffer memory;
    /** Received and not yet unwrapped, from position to limit. */
    private final ByteBuffer in;
    /** Wrapped and not yet sent, from 0 to position. */
    private final ByteBuffer out;
    /** Unwrapped and not yet read, from position to limit. */
    private final ByteBuffer rest;

    TlsChannel(ByteChannel socket, SSLEngine engine, IoShare memory) {
        this.socket = socket;
        this.engine = engine;
        this.memory = new IoBuffer(memory, MEMORY_BYTES);
        in = part(0).limit(0);
        out = part(1);
        rest = part(2).limit(0);
    }

    private ByteBuffer part(int index) {
        return memory.view().slice(index * BUFFER_BYTES, BUFFER_BYTES);
    }

    /** The first handshake, before anything else. */
    void handshake() throws IOException {
        try {
            engine.beginHandshake();
            while (true) {
                switch (engine.getHandshakeStatus()) {
                    case NEED_WRAP -> {
                        if (!answer()) {
                            throw new EOFException("the client left during the TLS handshake");
                        }
                    }
                    case NEED_TASK -> runTasks();
                    case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> shakeHands();
                    case NOT_HANDSHAKING, FINISHED -> {
                        return;
                    }
                }
            }
        } catch (SSLException e) {
            throw refused(e);
        }
    }

    private void shakeHands() throws IOException {
        Status status = engine.unwrap(in, rest.clear()).getStatus();
        rest.flip(); // nothing is in it: there is no content before the end of the handshake
        boolean isOver = status == Status.CLOSED || status == Status.BUFFER_UNDERFLOW && !receive();
        if (isOver) {
            throw new EOFException("the client left during the TLS handshake");
        }
    }

    private void runTasks() {
        for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
            task.run();
        }
    }

    /** As much as has arrived, and at least a byte; -1 if the client has said good-bye, or left without a word. */
    @Override
    public int read(ByteBuffer into) throws IOException {
        int start = into.position();
        take(into);
        while (into.hasRemaining()) {
            Status status = unwrap(into);
            if (status == Status.CLOSED) {
                break;
            }
            if (status == Status.BUFFER_UNDERFLOW && (into.position() > start || !receive())) {
                break;
            }
        }
        return into.position() > start || !into.hasRemaining() ? into.position() - start : -1;
    }

    /** Unwraps one record, if a whole one is there. */
    private Status unwrap(ByteBuffer into) throws IOException {
        try {
            SSLEngineResult result = engine.unwrap(in, into);
            if (result.getStatus() == Status.BUFFER_OVERFLOW) {
                result = engine.unwrap(in, rest.clear());
                rest.flip();
                take(into);
            }
            switch (result.getHandshakeStatus()) {
                case NEED_WRAP -> answer();
                case NEED_TASK -> throw new SSLException("the client wants to shake hands again");
                default -> {} // an answer that another thread is about to send
            }
            return result.getStatus();
        } catch (SSLException e) {
            throw refused(e);
        }
    }

    private void take(ByteBuffer into) {
        int bytes = Math.min(rest.remaining(), into.remaining());
        into.put(into.position(), rest, rest.position(), bytes).position(into.position() + bytes);
        rest.position(rest.position() + bytes);
    }

    private boolean receive() throws IOException {
        in.compact();
        try {
            return socket.read(in) >= 0;
        } finally {
            in.flip();
        }
    }

    /** Sends all of it. */
    @Override
    public int write(ByteBuffer from) throws IOException {
        int bytes = from.remaining();
        synchronized (out) {
            while (from.hasRemaining()) {
                if (!wrap(from)) {
                    throw new ClosedChannelException(); // by the reader, which has met an error
                }
            }
            send();
        }
        return bytes;
    }

    /** Sends what the engine itself has to say. @return whether it could say more */
    private boolean answer() throws IOException {
        synchronized (out) {
            boolean isOpen = true;
            while (isOpen && engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
                isOpen = wrap(NOTHING);
            }
            send();
            return isOpen;
        }
    }

    /** Makes one record. Its caller holds the lock. @return whether there can be another */
    private boolean wrap(ByteBuffer from) throws IOException {
        SSLEngineResult result = engine.wrap(from, out);
        if (result.getStatus() == Status.BUFFER_OVERFLOW) {
            send();
            result = engine.wrap(from, out);
        }
        boolean isWaiting = result.bytesConsumed() == 0
                && result.bytesProduced() == 0
                && result.getHandshakeStatus() != HandshakeStatus.FINISHED;
        return result.getStatus() == Status.OK && !isWaiting;
    }

    private void send() throws IOException {
        out.flip();
        while (out.hasRemaining()) {
            socket.write(out);
        }
        out.clear();
    }

    /** Tells the client why, as far as it listens. */
    private SSLException refused(SSLException reason) {
        try {
            answer();
        } catch (IOException e) {
            reason.addSuppressed(e);
        }
        return reason;
    }

    /** Says that nothing more will be sent (close_notify). */
    public void endOutput() throws IOException {
        engine.closeOutbound();
        answer();
    }

    @Override
    public boolean isOpen() {
        return socket.isOpen();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    public void free() {
        memory.close();
    }
}
