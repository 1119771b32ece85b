package dev.ramzswap.nbd.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

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
    void closedItKeepsNothing() {
        ByteBuf kept = memory.take(8 << 10);
        memory.give(kept);
        memory.close();
        assertEquals(0, kept.refCnt());
    }
}
