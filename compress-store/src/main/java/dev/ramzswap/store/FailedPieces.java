package dev.ramzswap.store;

/**
 * Pieces of a segment for which records are not intact, a bit for each.
 *
 * @param refused those that the device does not give
 * @param wrong all that such a record lies in, if all of them are given
 */
record FailedPieces(long refused, long wrong) {
    boolean isNone() {
        return (refused | wrong) == 0;
    }

    boolean isAnyIn(long pieces) {
        return ((refused | wrong) & pieces) != 0;
    }

    /** Whether each of these is one of the others, and fails in the same way. */
    boolean isWithin(FailedPieces others) {
        return (refused & ~others.refused | wrong & ~others.wrong) == 0;
    }
}
