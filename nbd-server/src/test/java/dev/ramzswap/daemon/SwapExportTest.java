package dev.ramzswap.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.ramzswap.config.AllowList;
import dev.ramzswap.nbd.export.ExportSession;
import dev.ramzswap.nbd.wire.Protocol;
import dev.ramzswap.store.CodecSpec;
import dev.ramzswap.store.PageStore;
import dev.ramzswap.store.StoreConfig;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SwapExportTest {
    private static final int SLOT = PageStore.SLOT_BYTES;
    private static final int SIZE = 256 * SLOT;
    private static final int HOLE = Protocol.NBD_STATE_HOLE | Protocol.NBD_STATE_ZERO;

    private static final AllowList ALLOWED = new AllowList(Set.of(), Set.of());

    private final ByteBuffer buffer = ByteBuffer.allocateDirect(SIZE);
    private PageStore store;
    private SwapExport export;
    private ExportSession session;

    @BeforeEach
    void open() throws IOException {
        store = PageStore.open(new StoreConfig(
                "swap0",
                SIZE / SLOT,
                StoreConfig.NO_LIMIT,
                CodecSpec.LZ4,
                StoreConfig.DEFAULT_CUTOFF,
                Optional.empty(),
                false,
                0,
                Optional.empty()));
        export = new SwapExport("swap0", true, ALLOWED, store);
        session = export.open();
    }

    @AfterEach
    void close() {
        session.close();
        store.close();
    }

    private void fill(int at, int length, byte value) {
        for (int i = 0; i < length; i++) {
            buffer.put(at + i, value);
        }
    }

    @Test
    void describesItself() {
        assertEquals("swap0", export.name());
        assertEquals("ramzswap, 1M, lz4", export.description());
        assertEquals(SIZE, export.size());
        assertTrue(export.readOnly());
        store.setCodec(CodecSpec.parse("zstd:3"));
        assertEquals("ramzswap, 1M, zstd:3", export.description());
    }

    /** Any range, by any method, against an array. */
    @Test
    void behavesLikeAnArrayOfBytes() {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("SwapExportTest seed=" + seed);
        Random random = new Random(seed);
        byte[] model = new byte[SIZE];
        byte[] scratch = new byte[SIZE];
        for (int round = 0; round < 5000; round++) {
            int offset = random.nextInt(SIZE);
            int length = 1 + random.nextInt(Math.min(SIZE - offset, 4 * SLOT));
            if (random.nextBoolean()) {
                offset -= offset % SLOT;
                length = Math.min(SIZE - offset, (length + SLOT - 1) / SLOT * SLOT);
            }
            int at = random.nextInt(SIZE - length + 1);
            switch (random.nextInt(3)) {
                case 0 -> {
                    random.nextBytes(scratch);
                    Arrays.fill(scratch, 0, random.nextInt(SLOT), (byte) round);
                    buffer.put(at, scratch, 0, length);
                    assertEquals(ExportSession.OK, write(random, offset, length, at));
                    System.arraycopy(scratch, 0, model, offset, length);
                }
                case 1 -> {
                    assertEquals(ExportSession.OK, zero(random, offset, length));
                    Arrays.fill(model, offset, offset + length, (byte) 0);
                }
                default -> {
                    assertEquals(ExportSession.OK, read(random, offset, length, at));
                    buffer.get(at, scratch, 0, length);
                    assertEquals(
                            -1, Arrays.mismatch(scratch, 0, length, model, offset, offset + length), "round " + round);
                }
            }
            assertEquals(0, buffer.position());
            assertEquals(SIZE, buffer.limit());
        }
    }

    private int write(Random random, int offset, int length, int at) {
        int status = random.nextBoolean() ? session.writeNow(offset, length, buffer, at) : ExportSession.WOULD_WAIT;
        return status == ExportSession.WOULD_WAIT ? session.write(offset, length, buffer, at) : status;
    }

    private int zero(Random random, int offset, int length) {
        int status = random.nextBoolean() ? session.zeroNow(offset, length) : ExportSession.WOULD_WAIT;
        return status == ExportSession.WOULD_WAIT ? session.zero(offset, length) : status;
    }

    private int read(Random random, int offset, int length, int at) {
        int status = random.nextBoolean() ? session.readNow(offset, length, buffer, at) : ExportSession.WOULD_WAIT;
        return status == ExportSession.WOULD_WAIT ? session.read(offset, length, buffer, at) : status;
    }

    @Test
    void flagsTellHolesZeroesAndData() {
        fill(0, SLOT, (byte) 7);
        fill(SLOT, SLOT, (byte) 0);
        session.write(SLOT, 2 * SLOT, buffer, 0);
        assertEquals(HOLE, session.flags(0));
        assertEquals(0, session.flags(SLOT + 17));
        assertEquals(Protocol.NBD_STATE_ZERO, session.flags(2 * SLOT));
        session.zero(SLOT, SLOT);
        assertEquals(HOLE, session.flags(SLOT));
    }

    @Test
    void zeroingTheWholeDeviceLeavesOnlyHoles() {
        fill(0, SIZE, (byte) 7);
        session.write(0, SIZE, buffer, 0);
        assertEquals(ExportSession.OK, session.zeroNow(0, SIZE));
        for (int offset = 0; offset < SIZE; offset += SLOT) {
            assertEquals(HOLE, session.flags(offset));
        }
    }

    @Test
    void whatWouldWaitForALockIsNotDoneNow() {
        assertEquals(ExportSession.WOULD_WAIT, session.writeNow(1, SLOT, buffer, 0));
        assertEquals(ExportSession.WOULD_WAIT, session.writeNow(0, 1, buffer, 0));
        assertEquals(ExportSession.WOULD_WAIT, session.zeroNow(SLOT, SLOT + 1));
    }

    @Test
    void aStoreThatIsFullIsNoSpaceAndKeepsWhatItHad() throws IOException {
        var config = new StoreConfig(
                "full", 4096, 1 << 20, CodecSpec.LZ4, SLOT, Optional.empty(), true, 0, Optional.empty());
        byte[] page = new byte[SLOT];
        try (PageStore small = PageStore.open(config);
                ExportSession full = new SwapExport("full", false, ALLOWED, small).open()) {
            Random random = new Random(1);
            int status = ExportSession.OK;
            long slot = -1;
            while (status == ExportSession.OK && slot < 4095) {
                slot++;
                random.nextBytes(page);
                buffer.put(0, page);
                status = full.write(slot * SLOT, SLOT, buffer, 0);
            }
            assertEquals(Protocol.NBD_ENOSPC, status);
            assertEquals(Protocol.NBD_ENOSPC, full.writeNow(slot * SLOT, SLOT, buffer, 0), "without another search");
            assertEquals(Protocol.NBD_ENOSPC, full.write(0, SLOT, buffer, 0));
            random.setSeed(1);
            random.nextBytes(page);
            assertEquals(ExportSession.OK, full.read(0, SLOT, buffer, 0));
            assertEquals(ByteBuffer.wrap(page), buffer.slice(0, SLOT));
        }
    }

    @Test
    void aPageOnItsWayAllocatesNothing() {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int i = 0; i < 20_000; i++) {
            roundTrip(i);
        }
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 20_000; i++) {
            roundTrip(i);
        }
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(allocated < 20_000, allocated + " bytes in 20,000 round trips");
    }

    private void roundTrip(int i) {
        long offset = (long) (i % 200) * SLOT;
        buffer.putInt(i % 100, i);
        session.writeNow(offset, 2 * SLOT, buffer, 0);
        session.readNow(offset + 100, SLOT, buffer, 0);
        session.write(offset + 100, 50, buffer, 0);
        session.flags(offset);
        session.zeroNow(offset, SLOT);
        session.zero(offset + SLOT, 100);
    }
}
