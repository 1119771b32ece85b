package dev.ramzswap.store;

/**
 * Pieces of a segment for which records are not intact, a bit for each.
 *
 * @param refused those that the device does not give
 * @param wrong those in which such a record begins, if all that it lies in are given: not all of these, in which others
 *     may lie that are intact
 */
record FailedPieces(long refused, long wrong) {
    boolean isNone() {
        return (refused | wrong) == 0;
    }

    /** Whether it is for one of these that a record in some pieces is not intact. */
    boolean isReasonFor(long pieces) {
        return (refused & pieces | wrong & Long.lowestOneBit(pieces)) != 0;
    }

    /** Whether each of these is one of the others, and fails in the same way. */
    boolean isWithin(FailedPieces others) {
        return (refused & ~others.refused | wrong & ~others.wrong) == 0;
    }
}
