package dev.ramzswap.backing;

import java.lang.foreign.MemorySegment;

/** Moves the live records out of a segment that is being cleaned. */
public interface Mover {
    /** What is left in the segment. */
    enum Result {
        /** No live record. */
        EMPTIED,

        /** One that somebody has in his hands, or for which there is no room now. */
        LATER,

        /** One that is not intact: it stays where it is, since the device may yet give back what it has. */
        DAMAGED
    }

    /**
     * Appends each live record again by {@link BackingFile#appendMoved} and then frees its old place. Records lie one
     * after the other in the order in which they were appended, each padded with zeroes to a multiple of 8 bytes; after
     * the last one there are zeroes to the end. Dead records are still there and intact, with one exception: the last
     * one is torn if a daemon died while it was appending it. Any of it may be damaged.
     *
     * @param records the segment's content, valid until this method returns; its first byte is that at {@code place}
     * @param place where the segment begins
     * @param length bytes of the segment
     */
    Result move(MemorySegment records, long place, int length);

    /**
     * Does the same for records that {@link #move} did not find though they are live, since what tells them is damaged:
     * by the owner's own knowledge of what lies there.
     */
    Result moveHidden(long place, int length);
}
