package dev.ramzswap.store;

/** What three copies of a word say: each bit is that of two of them. */
final class Majority {
    private Majority() {}

    static long of(long one, long two, long three) {
        return one & two | one & three | two & three;
    }
}
