package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;
import static dev.ramzswap.backing.BackingFileTest.await;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Proven by the second attack of 29 November. */
@Timeout(60)
class FoundByAttackTest {
    private static final int SEGMENTS = 40;
    private static final long GROWING_NANOS = TimeUnit.SECONDS.toNanos(5);

    @TempDir
    Path dir;

    private final FaultyDevice device = new FaultyDevice(SEGMENTS);
    private final State state = State.fresh(device.size());
    private final MemorySegment memory = Arena.ofAuto().allocate(8192, 8);

    @Test
    void closedTwiceIsClosed() throws IOException {
        BackingFile backing = state.open(device, State.FAST);
        backing.close();
        assertDoesNotThrow(backing::close);
    }

    @Test
    void noGenerationIsUsedTwiceThoughTheWordOfACondemnedSegmentIsDamaged() throws IOException {
        device.badSegments = 1;
        try (BackingFile backing = state.open(device, State.FAST)) {
            Records records = new Records(backing);
            for (int i = 0; i < 3 * Records.PER_SEGMENT; i++) {
                records.append(Records.PATIENCE);
            }
            long first = state.table().get(JAVA_LONG, 0);
            assertEquals(1, SegmentWord.generation(first));
            await(() -> backing.cleaningDue()); // Condemned.
            state.table().set(JAVA_LONG, 0, first ^ 1L << 8);
            await(() -> backing.clean(records) == Cleaning.CLEANED);
            device.badSegments = 0;
            for (int i = 0; i < 20_000; i++) {
                if (i % 500 == 0) {
                    records.free(1, 1);
                    await(() -> state.segmentsIn(SegmentWord.STAGED) <= 2);
                    backing.clean(records);
                }
                records.append(Records.PATIENCE);
                long word = state.table().get(JAVA_LONG, 0);
                boolean isUsed =
                        SegmentWord.state(word) == SegmentWord.STAGED || SegmentWord.state(word) == SegmentWord.WRITTEN;
                assertFalse(isUsed && SegmentWord.generation(word) <= 1, "a key stream is used twice");
            }
        }
    }

    @Test
    void whatWasStagedUnencryptedIsEncryptedWhenItIsWritten() throws IOException {
        memory.fill((byte) 0x5a);
        BackingFile plain = BackingFile.open(state.config(Path.of("unused"), false), config -> device, State.FAST);
        assertEquals(0, plain.append(memory, 0, Records.BYTES, 0));
        plain.close();
        device.closed = false;
        try (BackingFile backing = state.open(device, State.FAST)) {
            assertTrue(backing.adopt(0, Records.BYTES));
            backing.adopted();
            await(() -> backing.writes() == 1);
            assertNotEquals(0x5a5a5a5a5a5a5a5aL, device.content.get(JAVA_LONG, 0));
            MemorySegment into = Arena.ofAuto().allocate(8192, 8);
            try (ReadBuffer buffer = backing.readBuffer()) {
                assertEquals(BackingFile.OK, backing.read(0, Records.BYTES, into, 0, buffer));
            }
            assertEquals(0x5a5a5a5a5a5a5a5aL, into.get(JAVA_LONG, 0));
        }
    }

    /** Segments are condemned, the file is full, they are tried again; then the owner frees half of all. */
    @ParameterizedTest
    @ValueSource(ints = {1, 7, 8, 12})
    void roomIsFoundAmongBadSegmentsThatAreTriedAgain(int bad) throws IOException {
        device.badSegments = bad;
        try (BackingFile backing = state.open(device, State.FAST)) {
            Records records = new Records(backing);
            records.grow(Integer.MAX_VALUE, GROWING_NANOS);
            records.checkAll();
            records.free(0, 2);
            int before = records.live.size();
            records.grow(before * 5 / 4, GROWING_NANOS);
            records.checkAll();
            assertTrue(records.live.size() >= before * 5 / 4, before + " -> " + records.live.size());
        }
    }

    /** Reads fail for a moment, twice: the second time nobody gives up, either. */
    @Test
    void readsThatFailForAMomentTwiceMakeNobodyGiveUp() throws IOException {
        Delays delays = new Delays(1_000_000, 4_000_000, 3_600_000_000_000L, 500_000_000);
        try (BackingFile backing = state.open(device, delays)) {
            Records records = new Records(backing);
            records.fillUp();
            await(() -> state.segmentsIn(SegmentWord.STAGED) <= 1);
            records.free(0, 2);
            for (int moment = 0; moment < 2; moment++) {
                device.reads = FaultyDevice.DEAD;
                int calls = device.readCalls.get();
                long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(100);
                while (System.nanoTime() - end < 0) {
                    assertEquals(Cleaning.BUSY, backing.clean(records), "moment " + moment);
                }
                assertTrue(device.readCalls.get() > calls);
                device.reads = FaultyDevice.HEALTHY;
                for (int i = 0; i < 3; i++) {
                    assertEquals(Cleaning.CLEANED, backing.clean(records), "after moment " + moment);
                }
                records.fillUp();
                await(() -> state.segmentsIn(SegmentWord.STAGED) <= 1);
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(600));
            }
        }
    }

    /** Records in somebody's hands, each in another segment, for a while: as of partial writes that find no room. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 8})
    void victimsThatCannotBeEmptiedYetDoNotEatTheReserve(int hands) throws IOException {
        try (BackingFile backing = state.open(device, State.FAST)) {
            Records records = new Records(backing);
            records.fillUp();
            await(() -> state.segmentsIn(SegmentWord.STAGED) <= 1);
            records.free(0, 8);
            for (int segment = 0; segment < SEGMENTS; segment++) {
                var in = records.live.subMap((long) segment * SEGMENT_BYTES, (segment + 1L) * SEGMENT_BYTES);
                if (!in.isEmpty()) {
                    records.pinned.add(in.firstKey());
                }
            }
            for (int i = 0; i < hands; i++) {
                backing.clean(records);
            }
            records.pinned.clear();
            assertTrue(records.findsRoom(), "free segments: " + backing.freeSegments());
            records.checkAll();
        }
    }

    /** Killed in the midst of cleaning, again and again. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void aDaemonThatIsKilledWhileItCleansDoesNotEatTheReserve(int kills) throws IOException {
        BackingFile backing = state.open(device, State.FAST);
        Records records = new Records(backing);
        records.fillUp();
        await(() -> state.segmentsIn(SegmentWord.STAGED) <= 1);
        records.free(0, 8);
        for (int kill = 0; kill < kills; kill++) {
            records.movesLeft = 10;
            records.backing.clean(records);
            records.backing.close();
            device.closed = false;
            BackingFile next = state.open(device, State.FAST);
            records.live.keySet().forEach(place -> assertTrue(next.adopt(place, Records.BYTES)));
            next.adopted();
            records = new Records(next, records.live);
        }
        try (BackingFile last = records.backing) {
            assertTrue(records.findsRoom(), "free segments: " + last.freeSegments());
            records.checkAll();
        }
    }

    /**
     * Seven segments that stores have filled are bad, and so is the one that cleaning fills: two good ones are free.
     * Which failure comes when is up to the threads: one of three runs found all buffers stuck, one of them half full.
     */
    @RepeatedTest(10)
    void cleaningDoesNotTakeTheLastBufferFromWhatIsStuck() throws IOException {
        try (BackingFile backing = state.open(device, State.FAST)) {
            Records records = new Records(backing);
            records.fillUp();
            await(() -> state.segmentsIn(SegmentWord.STAGED) <= 1);
            for (long place :
                    new ArrayList<>(records.live.headMap(10L * SEGMENT_BYTES).keySet())) {
                records.free(place);
            }
            records.free(10, 2);
            device.badSegments = 8;
            int before = records.live.size();
            int wanted = before + 12 * Records.PER_SEGMENT;
            records.grow(wanted, GROWING_NANOS);
            String what = before + " -> " + records.live.size() + ", free " + backing.freeSegments() + ", staged "
                    + state.segmentsIn(SegmentWord.STAGED) + ", BAD " + state.segmentsIn(SegmentWord.BAD);
            assertTrue(records.live.size() >= wanted, what);
            records.checkAll();
        }
    }
}
