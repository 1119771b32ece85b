package dev.ramzswap.linux;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

/**
 * A program for {@link Bpf}, made of instructions one after the other, as Documentation/bpf/standardization/
 * instruction-set.rst of the kernel describes them. Registers are numbers: r0 is what a helper returns, r1 to r5 are
 * its arguments and lost to it, r1 is the program's own argument, r6 to r9 are kept, r10 is the end of the stack. Jumps
 * go forward, to {@link #exit}.
 */
public final class BpfProgram {
    // linux/bpf_common.h, linux/bpf.h
    private static final int LDX_WORD64 = 0x79;
    private static final int LD_IMMEDIATE64 = 0x18;
    private static final int STX_WORD32 = 0x63;
    private static final int STX_WORD64 = 0x7b;
    private static final int STX_ATOMIC64 = 0xdb;
    private static final int ADD = 0x07;
    private static final int OR_ATOMIC = 0x40;
    private static final int ADD_ATOMIC = 0x00;
    private static final int AND = 0x57;
    private static final int SHIFT_LEFT = 0x67;
    private static final int SHIFT_LEFT_BY = 0x6f;
    private static final int SHIFT_RIGHT = 0x77;
    private static final int MOVE = 0xb7;
    private static final int MOVE_REGISTER = 0xbf;
    private static final int CALL = 0x85;
    private static final int EXIT = 0x95;
    private static final int JUMP_IF_EQUAL = 0x15;
    private static final int JUMP_UNLESS_SAME = 0x5d;
    private static final int PSEUDO_MAP_FD = 1;
    private static final int MAP_LOOKUP_ELEM = 1;

    private static final int STACK = 10;
    private static final int KEY_OFFSET = -4;

    private final LongStream.Builder code = LongStream.builder();
    private int count;

    /** Jumps whose target is the exit: where each is. */
    private final List<Integer> exits = new ArrayList<>();

    /** {@code to = *(from + offset)}, 64 bits. */
    public BpfProgram load(int to, int from, int offset) {
        return add(LDX_WORD64, to, from, offset, 0);
    }

    /** {@code *to = from}, 64 bits. */
    public BpfProgram store(int to, int from) {
        return add(STX_WORD64, to, from, 0, 0);
    }

    /** {@code *to |= from}, atomically. */
    public BpfProgram or(int to, int from) {
        return add(STX_ATOMIC64, to, from, 0, OR_ATOMIC);
    }

    /** {@code *to += from}, atomically. */
    public BpfProgram add(int to, int from) {
        return add(STX_ATOMIC64, to, from, 0, ADD_ATOMIC);
    }

    /** {@code to = value}. */
    public BpfProgram set(int to, int value) {
        return add(MOVE, to, 0, 0, value);
    }

    /** {@code to = from}. */
    public BpfProgram copy(int to, int from) {
        return add(MOVE_REGISTER, to, from, 0, 0);
    }

    /** {@code to += value}. */
    public BpfProgram increase(int to, int value) {
        return add(ADD, to, 0, 0, value);
    }

    /** {@code to &= value}. */
    public BpfProgram and(int to, int value) {
        return add(AND, to, 0, 0, value);
    }

    /** {@code to <<= bits}. */
    public BpfProgram shiftLeft(int to, int bits) {
        return add(SHIFT_LEFT, to, 0, 0, bits);
    }

    /** {@code to <<= by}. */
    public BpfProgram shiftLeftBy(int to, int by) {
        return add(SHIFT_LEFT_BY, to, by, 0, 0);
    }

    /** {@code to >>>= bits}. */
    public BpfProgram shiftRight(int to, int bits) {
        return add(SHIFT_RIGHT, to, 0, 0, bits);
    }

    /** {@code r0} = where the word of an array is whose index is in a register; exits if there is none. */
    public BpfProgram find(NativeFile array, int index) {
        add(STX_WORD32, STACK, index, KEY_OFFSET, 0);
        add(LD_IMMEDIATE64, 1, PSEUDO_MAP_FD, 0, array.descriptor());
        add(0, 0, 0, 0, 0);
        copy(2, STACK).increase(2, KEY_OFFSET);
        add(CALL, 0, 0, 0, MAP_LOOKUP_ELEM);
        exits.add(count);
        return add(JUMP_IF_EQUAL, 0, 0, 0, 0);
    }

    /** Exits unless two registers hold the same. */
    public BpfProgram exitUnlessSame(int one, int other) {
        exits.add(count);
        return add(JUMP_UNLESS_SAME, one, other, 0, 0);
    }

    private BpfProgram add(int code, int to, int from, int offset, int immediate) {
        this.code.add(code | to << 8 | from << 12 | (offset & 0xffffL) << 16 | (long) immediate << 32);
        count++;
        return this;
    }

    /** All of it, with its exit. */
    long[] instructions() {
        int exit = count;
        set(0, 0);
        add(EXIT, 0, 0, 0, 0);
        long[] all = code.build().toArray();
        for (int jump : exits) {
            all[jump] |= (long) (exit - jump - 1) << 16;
        }
        return all;
    }
}
