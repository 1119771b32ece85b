package dev.ramzswap.frees;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ramzswap.linux.Bpf;
import dev.ramzswap.linux.NativeFile;
import dev.ramzswap.linux.Self;
import java.io.IOException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The kernel takes the programs; what they do is seen in e2e/scenarios/20-dead-slots.sh. */
class FreeProgramsTest {
    private static final long SLOTS = 1000;

    @BeforeEach
    void requireRoot() throws IOException {
        assumeTrue(Self.uid() == 0, "root may use bpf(2)");
    }

    @Test
    void theKernelTakesThem() throws IOException {
        try (FreedBits bits = FreedBits.make(SLOTS);
                NativeFile _ = Bpf.load(FreePrograms.ofFree(bits.array()));
                NativeFile _ = Bpf.load(FreePrograms.ofSwapoff(bits.array()));
                NativeFile _ = Bpf.load(FreePrograms.ofAnySwapoff(bits.array()))) {
            assertFalse(bits.isWatching());
        }
    }

    @Test
    void theBitsBeginBehindTheHead() throws IOException {
        try (FreedBits bits = FreedBits.make(SLOTS)) {
            bits.watch(31);
            assertTrue(bits.isWatching());
            assertEquals(
                    0,
                    bits.bits()
                            .asByteBuffer()
                            .order(java.nio.ByteOrder.nativeOrder())
                            .getLong(0));
            bits.bits().set(java.lang.foreign.ValueLayout.JAVA_LONG, 8, 1L << 3);
            assertTrue(bits.isFreed(67));
            assertFalse(bits.isFreed(3));
        }
    }

    @Test
    void thereAreNoMoreAreasThanTheKernelHas() throws IOException {
        try (FreedBits bits = FreedBits.make(SLOTS)) {
            assertThrows(IllegalArgumentException.class, () -> bits.watch(32));
        }
    }
}
