package dev.ramzswap.backing;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * Input and output at positions. Positions, lengths and memory addresses are multiples of {@link #ALIGNMENT}. Any
 * number of threads may read and write at once. {@code toString} names the device for people.
 */
interface BlockDevice extends AutoCloseable {
    /** Bytes: what O_DIRECT asks for on devices with sectors of 4 KiB. */
    int ALIGNMENT = 4096;

    /**
     * Reads into the beginning of {@code into}.
     *
     * @return bytes read; fewer than {@code length} is a failure
     */
    int read(MemorySegment into, int length, long position) throws IOException;

    /**
     * Writes from the beginning of {@code from}.
     *
     * @return bytes written; fewer than {@code length} is a failure
     */
    int write(MemorySegment from, int length, long position) throws IOException;

    /**
     * Whether it is there for good, and may be written to; it stays so or stays otherwise. Of one that is still being
     * opened that is assumed.
     */
    default boolean isWritable() {
        return true;
    }

    /** Whether it is known to be there: not while it is still being opened. */
    default boolean isOpen() {
        return true;
    }

    /** Gives back what opening it has taken; for who has stored nothing there, before it is closed. */
    default void undoOpening() throws IOException {}

    @Override
    void close() throws IOException;
}
