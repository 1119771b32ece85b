package dev.ramzswap.nbd.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class IoMemoryTest {
    private static final int SMALL = 4 << 10;
    private static final int LARGE = 8 << 10;

    private final IoMemory memory = new IoMemory(Map.of(SMALL, 2, LARGE, 1), 3);

    @AfterEach
    void close() {
        memory.close();
        assertEquals(0, memory.inUse());
    }

    @Test
    void whatIsGivenBackIsTheNextOfItsSize() {
        ByteBuf small = memory.take(SMALL);
        ByteBuf large = memory.take(LARGE);
        memory.give(small);
        memory.give(large);
        assertEquals(0, memory.inUse());
        assertSame(small, memory.take(SMALL));
        assertSame(large, memory.take(LARGE));
        ByteBuf another = memory.take(SMALL);
        assertNotSame(small, another);
        assertEquals(2 * SMALL + LARGE, memory.inUse());
        memory.give(small);
        memory.give(large);
        memory.give(another);
    }

    /** Many handshakes leave buffers of one size, which must not keep those of connections from being kept. */
    @Test
    void ofEachSizeAsManyAreKeptAsConnectionsHave() {
        List<ByteBuf> all = new ArrayList<>();
        for (int bytes : new int[] {SMALL, LARGE, 100}) {
            for (int i = 0; i < 60; i++) {
                all.add(memory.take(bytes));
            }
        }
        all.forEach(memory::give);
        assertEquals(3 * (2 * SMALL + LARGE), memory.spareBytes());
        assertEquals(
                3 * (2 + 1), all.stream().filter(buffer -> buffer.refCnt() > 0).count());
        assertEquals(0, memory.inUse());
    }

    @Test
    void asManyAreSpareAsAreAskedForAndMayBeKept() {
        ByteBuf first = memory.take(SMALL);
        memory.give(first);
        memory.setSpare(1);
        assertEquals(3, memory.made());
        memory.setSpare(1000);
        assertEquals(3 * 3, memory.made());
        assertEquals(3 * (2 * SMALL + LARGE), memory.spareBytes());
        assertEquals(0, memory.inUse());
        memory.setSpare(0);
        assertEquals(0, memory.spareBytes());
        assertEquals(0, first.refCnt());
    }

    @Test
    void whoIsInterruptedMakesNoMore() {
        Thread.currentThread().interrupt();
        memory.setSpare(1);
        assertTrue(Thread.interrupted());
        assertEquals(0, memory.made());
    }

    @Test
    void closedItKeepsNothing() {
        ByteBuf kept = memory.take(LARGE);
        memory.give(kept);
        memory.close();
        assertEquals(0, kept.refCnt());
    }
}
