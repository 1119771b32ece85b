package dev.ramzswap.store;

/** What an operation of the {@link PageStore} returns: plain ints, since these calls are on the way of a page. */
public final class StoreStatus {
    /** Done. */
    public static final int OK = 0;

    /** Nothing was done: the operation would have to wait for the backing file. */
    public static final int WOULD_WAIT = 1;

    /** Neither the pool nor the backing file has room; the slot's old content is intact. */
    public static final int NO_SPACE = 2;

    /** The backing file could not be read, or what was read back is not what was stored. */
    public static final int IO_ERROR = 3;

    private StoreStatus() {}
}
