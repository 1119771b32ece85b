package dev.ramzswap.backing;

import java.lang.foreign.MemorySegment;

/** Moves the live records out of a segment that is being cleaned. */
public interface Mover {
    /** What is left in the segment. */
    enum Result {
        /** No live record that anybody knows. */
        EMPTIED,

        /** All of them: there is one that somebody has in his hands. */
        LATER,

        /** All of them: one is not intact, and stays where it is, since the device may yet give back what it has. */
        DAMAGED,

        /**
         * All of them: one is not intact, nor was any of those that were read elsewhere. It is the device that fails.
         */
        UNREADABLE,

        /**
         * All of them: one is lost, and stays where it is, since its room is not needed, or others are to be given up
         * before it.
         */
        KEPT
    }

    /** What counts as live in the segment. */
    interface Count {
        /** Bytes, padding included, as of now. */
        int live();

        /**
         * Takes out of the count what nobody will free, since the owner's words that told of it are damaged.
         *
         * @param bytes that were live, and are of no record that the owner knows or has in his hands
         */
        void forget(int bytes);
    }

    /** Where records go. */
    interface Target {
        /**
         * Puts a record there, which never waits.
         *
         * @param offset in {@code from}, which is the content that the mover was given
         * @return its place from now on; below 0 if there is no room after all, since the backing file was closed, or
         *     its own table damaged, or if no record can lie there
         */
        long put(MemorySegment from, long offset, int length);
    }

    /** A look at segments begins: what is to be moved was not read before this. */
    default void beginLook() {}

    /** Whether to {@link #move} a segment is known to bring nothing now, so that it need not be read. */
    default boolean isInVain(long place) {
        return false;
    }

    /**
     * Puts each live record to the target, where there is room for all, and then frees its old place: all of them, or,
     * if one cannot be moved, none. Each moved record costs room that only the whole segment gives back.
     *
     * <p>Records lie one after the other in the order in which they were appended, each padded with zeroes to a
     * multiple of 8 bytes; after the last one there are zeroes to the end, or records of an earlier content. Dead
     * records are still there and intact, with one exception: the last one is torn if a daemon died while it was
     * appending it. Any of it may be damaged.
     *
     * @param records the segment's content, valid until this method returns; its first byte is that at {@code place}.
     *     What could not be read is zeroes: a record is moved only if it proves intact. The mover may change what is
     *     moved, except where it is read-only: then it lies at the target already
     * @param place where the segment begins
     * @param length bytes of the segment
     * @param count if more is live than records are found, then the owner's own knowledge must tell where, or somebody
     *     has just appended one, or is about to free it
     */
    Result move(MemorySegment records, long place, int length, Count count, Target target);
}
