package dev.ramzswap.bench;

/**
 * The requests that wait for their replies: cookies 0 to {@code depth} - 1, and a bit for each slot that is in use, so
 * that no two requests meet on one slot and every reply has one right answer. Not thread-safe.
 */
final class InFlight {
    private final short[] commands = new short[Phase.MAX_DEPTH];
    private final int[] slots = new int[Phase.MAX_DEPTH];
    private final long[] sentNanos = new long[Phase.MAX_DEPTH];
    private final boolean[] waiting = new boolean[Phase.MAX_DEPTH];
    private final int[] free = new int[Phase.MAX_DEPTH];
    private final long[] busySlots;
    private int depth;
    private int freeCount;
    private int writes;

    InFlight(int deviceSlots) {
        busySlots = new long[(deviceSlots + Long.SIZE - 1) / Long.SIZE];
    }

    /** Begins a phase; nothing may be in flight. */
    void reset(int newDepth) {
        depth = newDepth;
        freeCount = newDepth;
        for (int i = 0; i < newDepth; i++) {
            free[i] = i;
        }
    }

    int count() {
        return depth - freeCount;
    }

    int room() {
        return freeCount;
    }

    int writes() {
        return writes;
    }

    boolean isBusy(int slot) {
        return (busySlots[slot >> 6] & 1L << slot) != 0;
    }

    /** @return the request's cookie; there must be room */
    int add(short command, int slot, long nanos) {
        int cookie = free[--freeCount];
        commands[cookie] = command;
        slots[cookie] = slot;
        sentNanos[cookie] = nanos;
        waiting[cookie] = true;
        busySlots[slot >> 6] |= 1L << slot;
        writes += command == NbdConnection.CMD_WRITE ? 1 : 0;
        return cookie;
    }

    void remove(int cookie) {
        waiting[cookie] = false;
        busySlots[slots[cookie] >> 6] &= ~(1L << slots[cookie]);
        writes -= commands[cookie] == NbdConnection.CMD_WRITE ? 1 : 0;
        free[freeCount++] = cookie;
    }

    /** Whether a reply may carry this cookie. */
    boolean contains(long cookie) {
        return cookie >= 0 && cookie < depth && waiting[(int) cookie];
    }

    boolean isRead(int cookie) {
        return commands[cookie] == NbdConnection.CMD_READ;
    }

    int slot(int cookie) {
        return slots[cookie];
    }

    long sentNanos(int cookie) {
        return sentNanos[cookie];
    }
}
