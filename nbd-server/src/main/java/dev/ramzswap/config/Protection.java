package dev.ramzswap.config;

/**
 * How a daemon guards itself against the lack of memory that it is there to cure.
 *
 * @param isSwap the kernel swaps on it: it must never wait for memory that only it could free
 * @param isUnsafe serve also if it cannot be guarded, or if its state lies on a disk
 * @param isReserved take all the memory that the limits allow at the start
 */
public record Protection(boolean isSwap, boolean isUnsafe, boolean isReserved) {
    /**
     * Populated pool memory ahead of the stores. With 2 MiB a guest under stress froze; with 16 it never did, and no
     * store had to wait.
     */
    private static final long AHEAD_BYTES = 16 << 20;

    static final Protection NONE = new Protection(false, false, false);

    /** Bytes of pool memory to keep populated ahead of the stores. */
    long ahead() {
        if (!isSwap) {
            return 0;
        }
        return isReserved ? Long.MAX_VALUE : AHEAD_BYTES;
    }
}
