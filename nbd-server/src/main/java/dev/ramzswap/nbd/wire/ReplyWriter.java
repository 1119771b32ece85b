package dev.ramzswap.nbd.wire;

import static dev.ramzswap.nbd.wire.Protocol.*;

import dev.ramzswap.nbd.export.ExportSession;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Collects one thread's replies and sends them in one call, when {@link #flush} is called or there is no room for the
 * next. The data of a READ is read straight to where it leaves from: {@link #dataAt} tells the place behind the header
 * to come, and {@link #data} puts the header in front of it once the read has succeeded.
 *
 * <p>With structured replies negotiated, what carries data or an error is a structured reply, and a success without
 * data a simple one, except for READ, which must not have one (section "Structured reply chunk message").
 */
public final class ReplyWriter {
    /** What a buffer needs beside the data of the largest READ. */
    public static final int OVERHEAD = 4096;

    private static final int OFFSET = 8;

    private final Outlet outlet;
    private final ByteBuffer buffer;
    private final boolean structured;
    private int end;

    /** @param buffer is used in whole, from 0 to its capacity */
    public ReplyWriter(Outlet outlet, ByteBuffer buffer, boolean structured) {
        this.outlet = outlet;
        this.buffer = buffer;
        this.structured = structured;
    }

    public boolean structured() {
        return structured;
    }

    /** Where {@link #dataAt} points into. */
    public ByteBuffer buffer() {
        return buffer;
    }

    /** The most bytes that {@link #dataAt} can be asked for. */
    public int maximumData() {
        return buffer.capacity() - OVERHEAD;
    }

    /** Makes room for a READ's reply, and sends what is collected if there is none. */
    public int dataAt(int length) throws IOException {
        int header = structured ? CHUNK_HEADER + OFFSET : SIMPLE_REPLY_HEADER;
        reserve(header + length);
        return end + header;
    }

    /**
     * Completes the reply to a READ, or with {@code last} false one chunk of it, whose bytes are at {@link #dataAt}.
     */
    public void data(long cookie, long offset, int length, boolean last) {
        if (structured) {
            chunk(last, NBD_REPLY_TYPE_OFFSET_DATA, cookie, OFFSET + length);
            putLong(offset);
        } else {
            simpleHeader(cookie, ExportSession.OK);
        }
        end += length;
    }

    /** Puts the header of a simple reply that is followed by bytes which the caller sends with {@link #raw}. */
    public void simpleHeader(long cookie) throws IOException {
        reserve(SIMPLE_REPLY_HEADER);
        simpleHeader(cookie, ExportSession.OK);
    }

    /** Makes room for bytes without a header. */
    public int rawAt(int length) throws IOException {
        reserve(length);
        return end;
    }

    /** Adds the bytes at {@link #rawAt}. */
    public void raw(int length) {
        end += length;
    }

    /** Tells that a range reads as zeroes; structured replies only. */
    public void hole(long cookie, long offset, int length, boolean last) throws IOException {
        reserve(CHUNK_HEADER + OFFSET + Integer.BYTES);
        chunk(last, NBD_REPLY_TYPE_OFFSET_HOLE, cookie, OFFSET + Integer.BYTES);
        putLong(offset);
        putInt(length);
    }

    /** Answers a READ of nothing. */
    public void noData(long cookie) throws IOException {
        if (structured) {
            reserve(CHUNK_HEADER);
            chunk(true, NBD_REPLY_TYPE_NONE, cookie, 0);
        } else {
            status(cookie, ExportSession.OK);
        }
    }

    /** Makes room for the reply to a BLOCK_STATUS; (length, flags) pairs go to the place returned. */
    int extentsAt(int count) throws IOException {
        reserve(CHUNK_HEADER + Integer.BYTES + count * 2 * Integer.BYTES);
        return end + CHUNK_HEADER + Integer.BYTES;
    }

    /** Completes the reply to a BLOCK_STATUS, whose pairs are at {@link #extentsAt}. */
    void extents(long cookie, int context, int count) {
        int bytes = count * 2 * Integer.BYTES;
        chunk(true, NBD_REPLY_TYPE_BLOCK_STATUS, cookie, Integer.BYTES + bytes);
        putInt(context);
        end += bytes;
    }

    /** Ends a request without data by {@link ExportSession#OK} or an error. */
    public void status(long cookie, int error) throws IOException {
        if (error != ExportSession.OK && structured) {
            reserve(CHUNK_HEADER + Integer.BYTES + Short.BYTES);
            chunk(true, NBD_REPLY_TYPE_ERROR, cookie, Integer.BYTES + Short.BYTES);
            putInt(error);
            putShort(0);
        } else {
            reserve(SIMPLE_REPLY_HEADER);
            simpleHeader(cookie, error);
        }
    }

    /** Ends a READ by an error met at {@code offset}. */
    public void errorAt(long cookie, int error, long offset) throws IOException {
        if (!structured) {
            status(cookie, error);
            return;
        }
        reserve(CHUNK_HEADER + Integer.BYTES + Short.BYTES + OFFSET);
        chunk(true, NBD_REPLY_TYPE_ERROR_OFFSET, cookie, Integer.BYTES + Short.BYTES + OFFSET);
        putInt(error);
        putShort(0);
        putLong(offset);
    }

    /** Sends what is collected. */
    public void flush() throws IOException {
        if (end > 0) {
            buffer.position(0).limit(end);
            outlet.write(buffer);
            buffer.clear();
            end = 0;
        }
    }

    private void reserve(int bytes) throws IOException {
        if (buffer.capacity() - end < bytes) {
            flush();
        }
    }

    private void simpleHeader(long cookie, int error) {
        putInt(NBD_SIMPLE_REPLY_MAGIC);
        putInt(error);
        putLong(cookie);
    }

    private void chunk(boolean last, int type, long cookie, int payload) {
        putInt(NBD_STRUCTURED_REPLY_MAGIC);
        putShort(last ? NBD_REPLY_FLAG_DONE : 0);
        putShort(type);
        putLong(cookie);
        putInt(payload);
    }

    private void putShort(int value) {
        buffer.putShort(end, (short) value);
        end += Short.BYTES;
    }

    private void putInt(int value) {
        buffer.putInt(end, value);
        end += Integer.BYTES;
    }

    private void putLong(long value) {
        buffer.putLong(end, value);
        end += Long.BYTES;
    }
}
