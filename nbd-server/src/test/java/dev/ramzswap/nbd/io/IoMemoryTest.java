package dev.ramzswap.nbd.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class IoMemoryTest {
    private static final int SMALL = 4 << 10;
    private static final int LARGE = 8 << 10;

    private final IoMemory memory = new IoMemory(Set.of(SMALL, LARGE), 3);

    private final IoShare own = new IoShare(memory, true);
    private final IoShare other = new IoShare(memory, false);

    @AfterEach
    void close() {
        memory.close();
        assertEquals(0, memory.inUse());
    }

    @Test
    void whatIsGivenBackIsTheNextOfItsSize() {
        ByteBuf small = own.take(SMALL);
        ByteBuf large = own.take(LARGE);
        own.give(small);
        own.give(large);
        assertEquals(0, memory.inUse());
        assertSame(small, own.take(SMALL));
        assertSame(large, own.take(LARGE));
        ByteBuf another = own.take(SMALL);
        assertNotSame(small, another);
        assertEquals(2 * SMALL + LARGE, memory.inUse());
        own.give(small);
        own.give(large);
        own.give(another);
    }

    /** Many handshakes leave buffers of one size, which must not keep those of connections from being kept. */
    @Test
    void ofEachSizeAsManyAreReservedAsConnectionsHave() {
        List<ByteBuf> all = new ArrayList<>();
        for (int bytes : new int[] {SMALL, LARGE, 100}) {
            for (int i = 0; i < 60; i++) {
                all.add(own.take(bytes));
            }
        }
        all.forEach(own::give);
        assertEquals(3 * (SMALL + LARGE), memory.spareBytes());
        assertEquals(3 * 2, all.stream().filter(buffer -> buffer.refCnt() > 0).count());
        assertEquals(0, memory.inUse());
    }

    @Test
    void asManyAreReservedAsAreAskedForAndMayBe() {
        memory.setReserved(1);
        assertEquals(2, memory.made());
        memory.setReserved(1000);
        assertEquals(3 * 2, memory.made());
        assertEquals(3 * (SMALL + LARGE), memory.spareBytes());
        assertEquals(0, memory.inUse());
        ByteBuf first = own.take(SMALL);
        own.give(first);
        memory.setReserved(0);
        assertEquals(0, memory.spareBytes());
        assertEquals(0, first.refCnt());
    }

    @Test
    void whoIsInterruptedMakesNoMore() {
        Thread.currentThread().interrupt();
        memory.setReserved(1);
        assertTrue(Thread.interrupted());
        assertEquals(0, memory.made());
    }

    /** Anybody who may connect could take all of it, just when it is needed. */
    @Test
    void whatIsReservedIsForOwnConnections() {
        memory.setReserved(1);
        ByteBuf another = other.take(LARGE);
        assertEquals(LARGE, memory.inUse());
        assertEquals(SMALL + LARGE, memory.spareBytes());
        other.give(another);
    }

    @Test
    void whatOthersHadIsFreedUnlessTheKernelHasLostIt() {
        ByteBuf lost = other.take(LARGE);
        ByteBuf left = other.take(SMALL);
        other.give(left);
        assertEquals(0, left.refCnt());
        other.isLost();
        other.give(lost);
        assertSame(lost, own.take(LARGE));
        own.give(lost);
    }

    @Test
    void whatOwnOnesHadIsReservedUnlessTheirDeviceIsDetached() {
        ByteBuf offered = own.take(LARGE);
        own.give(offered);
        ByteBuf used = own.take(LARGE);
        assertSame(offered, used);
        own.saidGoodbye();
        own.give(used);
        assertEquals(0, used.refCnt());
    }

    @Test
    void closedItKeepsNothing() {
        ByteBuf kept = own.take(LARGE);
        own.give(kept);
        memory.close();
        assertEquals(0, kept.refCnt());
    }
}
