package dev.ramzswap.store;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.security.SecureRandom;

/**
 * The holes of the pool as they lie in its memory.
 *
 * <pre>
 *   0  4  check of place and form
 *   4  2  form: bit 15 hole, bit 14 listed, below them its size in units of 8 bytes
 *  16  8  next hole in its list, or -1        \  of a listed hole,
 *  24  8  previous hole in its list, or -1    /  see {@link HoleLists}
 * </pre>
 *
 * The check tells a damaged header, which is then no hole; so is one that was made before {@link #forgetAll}, or by an
 * earlier daemon. A record's form has no bit 15, so no data that somebody stores can look like a hole where a record
 * begins. What a record leaves over of a hole below {@link #LEAST_SPLIT} units is a crumb: it lies behind the record,
 * whose form has its size, and joins its place again when that is freed.
 */
final class Holes {
    static final long NONE = -1;

    /** What a record leaves over of a hole is not worth a list below this: 248 bytes that few records fit in. */
    static final int LEAST_SPLIT = 32;

    /** A listed hole must hold its links. */
    static final int LEAST_LISTED = Record.MIN_UNITS;

    static final int MAX_UNITS = Record.MAX_UNITS;

    static final int FORM_OFFSET = 4;

    private static final int NEXT_OFFSET = 16;
    private static final int PREVIOUS_OFFSET = 24;
    private static final int HOLE = 0x8000;
    private static final int LISTED = 0x4000;
    private static final int UNITS_MASK = 0x3fff;

    private final MemorySegment memory;

    /** Makes the checks different from those of other holes. */
    private long salt = new SecureRandom().nextLong();

    Holes(MemorySegment memory) {
        this.memory = memory;
    }

    /** Units of the first hole that so much free room is divided into: as many as may be, and no crumb behind them. */
    static int part(int units) {
        if (units <= MAX_UNITS) {
            return units;
        }
        return units >= MAX_UNITS + LEAST_LISTED ? MAX_UNITS : MAX_UNITS - LEAST_LISTED;
    }

    /** What was a hole is unknown from now on. */
    void forgetAll() {
        salt++;
    }

    /** Whether there is an intact header of a hole, within its region, at a place within the pool. */
    boolean isAt(long place) {
        int form = form(place);
        int units = form & UNITS_MASK;
        return (form & HOLE) != 0
                && units > 0
                && units <= MAX_UNITS
                && Region.offset(place) + (units << Record.UNIT_SHIFT) <= Region.BYTES
                && memory.get(JAVA_INT_UNALIGNED, place) == check(place, form);
    }

    boolean isListed(long place) {
        return (form(place) & LISTED) != 0;
    }

    int units(long place) {
        return form(place) & UNITS_MASK;
    }

    /** Makes a hole that is in no list. */
    void make(long place, int units) {
        setForm(place, HOLE | units);
    }

    /** Makes a hole that is in a list, or about to be put there by whoever calls this. */
    void makeListed(long place, int units) {
        setForm(place, HOLE | LISTED | units);
    }

    /** Ends a hole: a record will be here, and behind it a crumb of so many units, or none if 0. */
    void end(long place, int crumbUnits) {
        memory.set(JAVA_SHORT_UNALIGNED, place + FORM_OFFSET, (short) crumbUnits);
    }

    /** How large a crumb the record here has left behind it when it came; memory may be damaged. */
    int crumbUnits(long place) {
        return form(place) & LEAST_SPLIT - 1;
    }

    long next(long place) {
        return memory.get(JAVA_LONG, place + NEXT_OFFSET);
    }

    long previous(long place) {
        return memory.get(JAVA_LONG, place + PREVIOUS_OFFSET);
    }

    void setNext(long place, long next) {
        memory.set(JAVA_LONG, place + NEXT_OFFSET, next);
    }

    void setPrevious(long place, long previous) {
        memory.set(JAVA_LONG, place + PREVIOUS_OFFSET, previous);
    }

    private int form(long place) {
        return memory.get(JAVA_SHORT_UNALIGNED, place + FORM_OFFSET) & 0xffff;
    }

    private void setForm(long place, int form) {
        memory.set(JAVA_INT_UNALIGNED, place, check(place, form));
        memory.set(JAVA_SHORT_UNALIGNED, place + FORM_OFFSET, (short) form);
    }

    private int check(long place, int form) {
        long hash = (place + form ^ salt) * 0x9e3779b97f4a7c15L;
        return (int) (hash >>> 32) ^ form * 0x85ebca6b;
    }
}
