package dev.ramzswap.nbd.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class IoMemoryTest {
    private final IoMemory memory = new IoMemory(12 << 10);

    @AfterEach
    void close() {
        memory.close();
        assertEquals(0, memory.inUse());
    }

    @Test
    void whatIsGivenBackIsTheNextOfItsSize() {
        ByteBuf small = memory.take(4 << 10);
        ByteBuf large = memory.take(8 << 10);
        memory.give(small);
        memory.give(large);
        assertEquals(0, memory.inUse());
        assertSame(small, memory.take(4 << 10));
        assertSame(large, memory.take(8 << 10));
        ByteBuf another = memory.take(4 << 10);
        assertNotSame(small, another);
        assertEquals(16 << 10, memory.inUse());
        memory.give(small);
        memory.give(large);
        memory.give(another);
    }

    @Test
    void whatIsTooMuchToKeepIsFreed() {
        ByteBuf kept = memory.take(8 << 10);
        ByteBuf freed = memory.take(8 << 10);
        memory.give(kept);
        memory.give(freed);
        assertEquals(1, kept.refCnt());
        assertEquals(0, freed.refCnt());
    }

    @Test
    void asManyAreSpareAsAreAskedForAndMayBeKept() {
        ByteBuf first = memory.take(4 << 10);
        memory.give(first);
        memory.setSpare(4 << 10, 2);
        assertEquals(2, memory.made());
        memory.setSpare(8 << 10, 5); // 4 KiB are left
        memory.setSpare(4 << 10, 5);
        assertEquals(3, memory.made());
        assertEquals(12 << 10, memory.spareBytes());
        assertEquals(0, memory.inUse());
        memory.setSpare(4 << 10, 0);
        assertEquals(0, memory.spareBytes());
        assertEquals(0, first.refCnt());
    }

    @Test
    void whoIsInterruptedMakesNoMore() {
        Thread.currentThread().interrupt();
        memory.setSpare(4 << 10, 1);
        assertTrue(Thread.interrupted());
        assertEquals(0, memory.made());
    }

    @Test
    void closedItKeepsNothing() {
        ByteBuf kept = memory.take(8 << 10);
        memory.give(kept);
        memory.close();
        assertEquals(0, kept.refCnt());
    }
}
