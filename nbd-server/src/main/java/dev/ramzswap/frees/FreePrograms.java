package dev.ramzswap.frees;

import static dev.ramzswap.linux.Bpf.FIRST_ARGUMENT;

import dev.ramzswap.linux.BpfProgram;
import dev.ramzswap.linux.NativeFile;

/**
 * What the kernel runs for {@link FreedBits}. In Linux 6.1 to 7.x an entry of swap ({@code swp_entry_t}) is a 64-bit
 * word, in a register as any argument: the area's number in the topmost bits, the slot below (include/linux/swapops.h).
 */
final class FreePrograms {
    /** SWP_TYPE_SHIFT. */
    private static final int TYPE_SHIFT = 58;

    private static final int TYPE_BITS = Long.SIZE - TYPE_SHIFT;
    private static final int SLOTS_SHIFT = 6; // of a word
    private static final int INT_BITS = 32;

    private FreePrograms() {}

    /** Where the kernel calls {@code f(swp_entry_t freed)}: sets the bit of a slot of the watched area. */
    static BpfProgram ofFree(NativeFile bits) {
        return new BpfProgram()
                .load(6, 1, FIRST_ARGUMENT)
                .copy(7, 6)
                .shiftRight(7, TYPE_SHIFT)
                .increase(7, 1) // FreedBits.area
                .set(1, FreedBits.AREA)
                .find(bits, 1)
                .load(8, 0, 0)
                .exitUnlessSame(7, 8)
                .shiftLeft(6, TYPE_BITS)
                .shiftRight(6, TYPE_BITS)
                .copy(1, 6)
                .shiftRight(1, SLOTS_SHIFT)
                .increase(1, FreedBits.HEAD_WORDS)
                .find(bits, 1)
                .and(6, Long.SIZE - 1)
                .set(1, 1)
                .shiftLeftBy(1, 6)
                .or(0, 1);
    }

    /**
     * Where it enters swapoff(2), of whatever area: counts the entries, and no bit is set from then on. In this order:
     * who has set an area and finds no new entry knows that none will take it away that was before that.
     */
    static BpfProgram ofAnySwapoff(NativeFile bits) {
        return new BpfProgram()
                .set(1, FreedBits.SWAPOFFS)
                .find(bits, 1)
                .set(1, 1)
                .add(0, 1)
                .set(1, FreedBits.AREA)
                .find(bits, 1)
                .set(1, 0)
                .store(0, 1);
    }

    /**
     * The same where it calls {@code f(int type)} at a swapoff of the watched area. That comes before the area's number
     * can be another's (mm/swapfile.c: SWP_USED is cleared last).
     */
    static BpfProgram ofSwapoff(NativeFile bits) {
        return new BpfProgram()
                .load(6, 1, FIRST_ARGUMENT)
                .shiftLeft(6, INT_BITS)
                .shiftRight(6, INT_BITS)
                .increase(6, 1)
                .set(1, FreedBits.AREA)
                .find(bits, 1)
                .load(7, 0, 0)
                .exitUnlessSame(6, 7)
                .set(1, 0)
                .store(0, 1);
    }
}
