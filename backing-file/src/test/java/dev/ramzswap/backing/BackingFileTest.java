package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.NO_ROOM;
import static dev.ramzswap.backing.BackingFile.OK;
import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;
import static dev.ramzswap.backing.BackingFile.WOULD_WAIT;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.Allocation;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One thread and a plain file. */
@Timeout(60)
class BackingFileTest {
    private static final int RECORD_BYTES = 4096;
    private static final int RECORDS_PER_SEGMENT = SEGMENT_BYTES / RECORD_BYTES;
    private static final int SEGMENTS = 24;
    private static final long BYTES = (long) SEGMENTS * SEGMENT_BYTES;

    @TempDir
    Path dir;

    private final MemorySegment memory = Arena.ofAuto().allocate(8192, 8);
    private BackingFile backing;
    private ReadBuffer buffer;

    private void open(boolean encrypt) throws IOException {
        Path path = dir.resolve("backing");
        backing = BackingFile.open(State.fresh(BYTES).config(path, encrypt));
        buffer = backing.readBuffer();
    }

    @AfterEach
    void close() throws IOException {
        if (backing != null) {
            buffer.close();
            backing.close();
        }
    }

    @Test
    void readsFromMemoryUntilItIsWrittenAndFromTheFileAfterwards() throws IOException {
        open(true);
        long place = append(1);
        assertEquals(OK, backing.readNow(place, RECORD_BYTES, memory, 0));
        assertRecord(1);
        fillSegment(2);
        await(() -> backing.writes() == 1);
        assertEquals(WOULD_WAIT, backing.readNow(place, RECORD_BYTES, memory, 0));
        assertEquals(OK, backing.read(place, RECORD_BYTES, memory, 0, buffer));
        assertRecord(1);
        assertEquals(1, backing.reads());
        assertEquals(0, backing.readErrors());
    }

    @Test
    void packsRecordsOfAnyLength() throws IOException {
        open(true);
        assertEquals(0, backing.append(memory, 0, 1, Owner.PATIENCE));
        assertEquals(8, backing.append(memory, 0, 20, Owner.PATIENCE));
        assertEquals(32, backing.append(memory, 0, 8192, Owner.PATIENCE));
        assertEquals(8 + 24 + 8192, backing.liveBytes());
        assertThrows(IllegalArgumentException.class, () -> backing.append(memory, 0, 0, Owner.PATIENCE));
        assertThrows(IllegalArgumentException.class, () -> backing.append(memory, 0, 8193, Owner.PATIENCE));
        assertThrows(IndexOutOfBoundsException.class, () -> backing.append(memory, 1, 8192, Owner.PATIENCE));
        assertEquals(32 + 8192, backing.append(memory, 0, 8, Owner.PATIENCE));
    }

    @Test
    void placesThatCannotBeAreErrors() throws IOException {
        open(true);
        long[] places = {-8, BYTES, BYTES - 8, Long.MAX_VALUE, SEGMENT_BYTES - 8};
        for (long place : places) {
            assertEquals(WOULD_WAIT, backing.readNow(place, 16, memory, 0));
            assertEquals(BackingFile.IO_ERROR, backing.read(place, 16, memory, 0, buffer));
        }
        assertEquals(BackingFile.IO_ERROR, backing.read(0, 8193, memory, 0, buffer));
        assertEquals(BackingFile.IO_ERROR, backing.read(0, 16, memory, 0, buffer), "nothing was ever appended there");
    }

    @Test
    void aSegmentIsFreeWhenItsLastRecordIs() throws IOException {
        open(true);
        long[] places = new long[RECORDS_PER_SEGMENT];
        for (int i = 0; i < places.length; i++) {
            places[i] = append(i);
        }
        append(0);
        await(() -> backing.writes() == 1);
        assertEquals(SEGMENTS - 2, backing.freeSegments());
        for (long place : places) {
            assertEquals(SEGMENTS - 2, backing.freeSegments());
            backing.free(place, RECORD_BYTES);
        }
        assertEquals(SEGMENTS - 1, backing.freeSegments());
        assertEquals(RECORD_BYTES, backing.liveBytes());
    }

    @Test
    void deadSegmentsAreNotWritten() throws IOException {
        open(true);
        for (int segment = 0; segment < 3 * SEGMENTS; segment++) {
            for (int i = 0; i < RECORDS_PER_SEGMENT; i++) {
                backing.free(append(i), RECORD_BYTES);
            }
        }
        assertEquals(0, backing.writes());
        assertEquals(0, backing.liveBytes());
        assertTrue(backing.freeSegments() >= SEGMENTS - 2);
    }

    @Test
    void storesLeaveTheReserveToCompaction() throws IOException {
        open(true);
        int segments = 0;
        while (append(segments) != NO_ROOM) {
            fillSegmentAfterOne(segments);
            segments++;
        }
        assertEquals(SEGMENTS - Staging.RESERVE, segments);
        assertEquals(Staging.RESERVE, backing.freeSegments());
        for (int i = 0; i < Staging.RESERVE * RECORDS_PER_SEGMENT; i++) {
            await(() -> backing.appendMoved(memory, 0, RECORD_BYTES) >= 0);
        }
        assertEquals(NO_ROOM, backing.appendMoved(memory, 0, RECORD_BYTES));
        assertEquals(0, backing.freeSegments());
    }

    @Test
    void cleaningFindsRoomAsLongAsBytesForSays() throws IOException {
        int keys = 512;
        long bytes = BackingSize.bytesFor(keys, Owner.MAX_BYTES);
        try (BackingFile file = BackingFile.open(State.fresh(bytes).config(dir.resolve("b"), true));
                Owner.Scratch scratch = new Owner.Scratch(file)) {
            Owner owner = new Owner(file, keys);
            int[] versions = new int[keys];
            Random random = new Random(1);
            for (int i = 0; i < 20 * keys; i++) {
                int key = i < keys ? i : random.nextInt(keys);
                assertEquals(OK, owner.store(key, ++versions[key], scratch));
            }
            for (int key = 0; key < keys; key++) {
                assertEquals(versions[key], owner.load(key, scratch));
            }
        }
    }

    @Test
    void cleansOnlyWhenSegmentsRunLow() throws IOException {
        open(true);
        Mover never = new TestMover((records, place, target) -> {
            throw new AssertionError("not due");
        });
        append(1);
        fillSegment(2);
        await(() -> backing.writes() == 1);
        assertFalse(backing.cleaningDue());
        assertEquals(Cleaning.CLEAN, backing.clean(never));
    }

    @Test
    void cleaningSeesThePackedRecordsOfTheEmptiestSegment() throws IOException {
        open(true);
        long[] first = new long[SEGMENTS];
        int segments = 0;
        long place;
        while ((place = append(segments)) != NO_ROOM) {
            first[segments++] = place;
            fillSegmentAfterOne(100);
        }
        int written = segments - 1;
        await(() -> backing.writes() >= written);
        int victim = 3;
        for (int i = 1; i < RECORDS_PER_SEGMENT; i++) {
            backing.free(first[victim] + (long) i * RECORD_BYTES, RECORD_BYTES);
        }
        assertTrue(backing.cleaningDue());
        long free = backing.freeSegments();
        Cleaning result = backing.clean(new TestMover((records, begin, target) -> {
            assertEquals(first[victim], begin);
            MemorySegment.copy(records, 0, memory, 0, RECORD_BYTES);
            assertRecord(victim);
            assertTrue(target.put(records, 0, RECORD_BYTES) >= 0);
            backing.free(begin, RECORD_BYTES);
            assertEquals(free - 1, backing.freeSegments(), "pinned while it is moved");
            return Mover.Result.EMPTIED;
        }));
        assertEquals(Cleaning.CLEANED, result);
        assertEquals(free, backing.freeSegments());
        Mover none = new TestMover((records, begin, target) -> {
            throw new AssertionError("all others are full");
        });
        await(() -> backing.clean(none) == Cleaning.CLEAN);
    }

    @Test
    void noPlainTextOnTheDisk() throws IOException {
        assertEquals(0, plainRecordsOnDisk(true));
    }

    @Test
    void plainTextOnTheDiskIfAskedFor() throws IOException {
        assertEquals(RECORDS_PER_SEGMENT, plainRecordsOnDisk(false));
    }

    private int plainRecordsOnDisk(boolean encrypt) throws IOException {
        open(encrypt);
        long place = append(7);
        fillSegmentAfterOne(7);
        append(7);
        await(() -> backing.writes() == 1);
        memory.fill((byte) 0);
        assertEquals(OK, backing.read(place, RECORD_BYTES, memory, 0, buffer));
        assertRecord(7);
        byte[] pattern = memory.asSlice(0, 32).toArray(JAVA_BYTE);
        String disk = new String(Files.readAllBytes(dir.resolve("backing")), StandardCharsets.ISO_8859_1);
        String text = new String(pattern, StandardCharsets.ISO_8859_1);
        int found = 0;
        for (int at = disk.indexOf(text); at >= 0; at = disk.indexOf(text, at + RECORD_BYTES)) {
            found++;
        }
        return found;
    }

    @Test
    void appendAndFreeAllocateNothingOnceWarm() throws IOException {
        open(true);
        long[] places = new long[3 * RECORDS_PER_SEGMENT];
        Allocation.assertNoneOnceWarm(3 * places.length, () -> {
            for (int i = 0; i < places.length; i++) {
                places[i] = backing.append(memory, 0, RECORD_BYTES, Owner.PATIENCE);
            }
            for (long place : places) {
                backing.readNow(place, RECORD_BYTES, memory, 0);
            }
            for (long place : places) {
                backing.free(place, RECORD_BYTES);
            }
        });
    }

    @Test
    void readAllocatesNothingOnceWarm() throws IOException {
        open(true);
        long place = append(1);
        fillSegment(2);
        await(() -> backing.writes() == 1);
        Allocation.assertNoneOnceWarm(1000, () -> {
            for (int i = 0; i < 1000; i++) {
                backing.read(place, RECORD_BYTES, memory, 0, buffer);
            }
        });
        assertTrue(backing.reads() >= 1000);
    }

    private long append(int value) {
        memory.asSlice(0, RECORD_BYTES).fill((byte) value);
        return backing.append(memory, 0, RECORD_BYTES, Owner.PATIENCE);
    }

    private void fillSegment(int value) {
        for (int i = 0; i < RECORDS_PER_SEGMENT; i++) {
            assertTrue(append(value) >= 0);
        }
    }

    private void fillSegmentAfterOne(int value) {
        for (int i = 1; i < RECORDS_PER_SEGMENT; i++) {
            assertTrue(append(value) >= 0);
        }
    }

    private void assertRecord(int value) {
        for (int i = 0; i < RECORD_BYTES; i++) {
            assertEquals((byte) value, memory.get(JAVA_BYTE, i));
        }
    }

    /** For 30 seconds. */
    static void await(BooleanSupplier condition) {
        long end = System.nanoTime() + 30_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - end < 0, "waited in vain");
            LockSupport.parkNanos(200_000);
        }
    }
}
