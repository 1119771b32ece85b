package dev.ramzswap.store;

/** Arithmetic of the pool's regions and of places, which are byte offsets in the pool. */
final class Region {
    /** No region. */
    static final int NONE = -1;

    static final int SHIFT = 18;
    static final int BYTES = 1 << SHIFT;

    private Region() {}

    static int of(long place) {
        return (int) (place >>> SHIFT);
    }

    static long start(int region) {
        return (long) region << SHIFT;
    }

    /** Where in its region a place is. */
    static int offset(long place) {
        return (int) place & BYTES - 1;
    }

    /** Whether something can begin at a place: within so many bytes of pool, with room for a listed hole. */
    static boolean isPlace(long place, long poolBytes) {
        return place >= 0
                && place < poolBytes
                && (place & (1 << Record.UNIT_SHIFT) - 1) == 0
                && offset(place) <= BYTES - (Holes.LEAST_LISTED << Record.UNIT_SHIFT);
    }
}
