package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.FAILED;
import static dev.ramzswap.backing.BackingFile.IO_ERROR;
import static dev.ramzswap.backing.BackingFile.OK;
import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;
import static dev.ramzswap.backing.BackingFile.WOULD_WAIT;
import static dev.ramzswap.backing.BackingFileTest.await;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.FaultyDevice.Fault;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Contract 6: a failing device loses nothing that it had not yet been given, and says so once. */
@Timeout(60)
class FaultTest {
    private static final int RECORD_BYTES = 4096;
    private static final int RECORDS_PER_SEGMENT = SEGMENT_BYTES / RECORD_BYTES;
    private static final int SEGMENTS = 40;

    private final FaultyDevice device = new FaultyDevice(SEGMENTS);
    private final MemorySegment memory = Arena.ofAuto().allocate(8192, 8);
    private final Logger logger = Logger.getLogger(Flusher.class.getPackageName());
    private final Log log = new Log();

    @BeforeEach
    void listen() {
        logger.setUseParentHandlers(false);
        logger.addHandler(log);
    }

    @AfterEach
    void stopListening() {
        logger.removeHandler(log);
        logger.setUseParentHandlers(true);
    }

    /** Enough work for about a dozen writes, with one of them failing: each in turn. */
    @ParameterizedTest
    @EnumSource(
            value = Fault.class,
            names = {"EIO", "ENOSPC", "SHORT", "SLOW"})
    void noWriteThatFailsLosesARecord(Fault fault) throws IOException {
        int calls = 1;
        for (int call = 0; call < calls; call++) {
            FaultyDevice faulty = new FaultyDevice(24);
            faulty.writes = FaultyDevice.at(call, fault);
            assertEquals(0, storeAndLoad(faulty), "read errors");
            calls = faulty.writeCalls.get();
            assertTrue(calls > 10, "writes: " + calls);
        }
    }

    /** Compaction among it: a victim that cannot be read loses nothing either. */
    @ParameterizedTest
    @EnumSource(
            value = Fault.class,
            names = {"EIO", "SHORT", "SLOW"})
    void noReadThatFailsLosesARecord(Fault fault) throws IOException {
        int calls = 1;
        for (int call = 0; call < calls; call += 1 + call / 3) {
            FaultyDevice faulty = new FaultyDevice(24);
            faulty.reads = FaultyDevice.at(call, fault);
            long errors = storeAndLoad(faulty);
            calls = faulty.readCalls.get();
            assertEquals(call < calls && fault != Fault.SLOW ? 1 : 0, errors);
            assertTrue(calls > 10, "reads: " + calls);
        }
    }

    /** Returns the read errors; the caller of each sees it once, and gets its record the next time. */
    private static long storeAndLoad(FaultyDevice device) throws IOException {
        int keys = 1000;
        try (BackingFile backing = State.fresh(device.size()).open(device, State.FAST);
                Owner.Scratch scratch = new Owner.Scratch(backing)) {
            Owner owner = new Owner(backing, keys);
            int unreadable = 0;
            for (int version = 0; version < 4; version++) {
                for (int key = version % 2; key < keys; key += 1 + version % 2) {
                    int status = owner.store(key, version, scratch);
                    while (status != OK) {
                        // Fails at once while it fails; compaction may have to wait for a segment to be written.
                        LockSupport.parkNanos(100_000);
                        status = owner.store(key, version, scratch);
                    }
                }
            }
            for (int key = 0; key < keys; key++) {
                int version = owner.load(key, scratch);
                if (version == Owner.UNREADABLE) {
                    unreadable++;
                    version = owner.load(key, scratch);
                }
                assertEquals(key % 2 == 1 ? 3 : 2, version, "key " + key);
            }
            await(() -> !backing.failing());
            assertTrue(unreadable <= backing.readErrors());
            return backing.readErrors();
        }
    }

    @Test
    void whileItFailsEverythingIsReadFromMemoryAndAppendFailsAtOnce() throws IOException {
        device.writes = FaultyDevice.DEAD;
        device.reads = FaultyDevice.DEAD;
        try (BackingFile backing = State.fresh(device.size()).open(device, State.NEVER)) {
            List<Long> places = new ArrayList<>();
            long place = append(backing, 0);
            while (place >= 0) {
                places.add(place);
                place = append(backing, places.size());
            }
            assertEquals(FAILED, place);
            assertEquals(FAILED, backing.append(memory, 0, RECORD_BYTES, 0));
            assertEquals((Staging.BUFFERS - 1) * RECORDS_PER_SEGMENT, places.size());
            assertTrue(backing.appendMoved(memory, 0, RECORD_BYTES) >= 0, "one buffer is left to moves");
            assertTrue(backing.failing());
            for (int i = 0; i < places.size(); i++) {
                assertEquals(OK, backing.readNow(places.get(i), RECORD_BYTES, memory, 0));
                assertEquals(i, memory.get(JAVA_INT, 0));
            }
            assertEquals(0, device.readCalls.get());

            // Records that die meanwhile make room again.
            for (int i = 0; i < 2 * RECORDS_PER_SEGMENT; i++) {
                backing.free(places.get(i), RECORD_BYTES);
            }
            await(() -> append(backing, 0) >= 0); // one of them may just be tried again
        }
    }

    @Test
    void triesAgainUntilItWorksAndSaysBothOnce() throws IOException {
        device.writes = call -> call < 20 ? Fault.ENOSPC : Fault.NONE;
        try (BackingFile backing = State.fresh(device.size()).open(device, State.FAST)) {
            fill(backing, 3);
            await(() -> backing.writes() == 3);
            await(() -> log.messages.size() == 2);
            assertFalse(backing.failing());
            assertEquals(20, backing.writeErrors());
            assertEquals(
                    List.of(
                            "faulty device fails: what is written to it stays in memory",
                            "faulty device works again: nothing that had failed is left to be written"),
                    log.messages);
        }
    }

    @Test
    void saysThatItWorksAgainAlsoIfWhatHadFailedIsDead() throws IOException {
        device.writes = FaultyDevice.at(0, Fault.EIO);
        try (BackingFile backing = State.fresh(device.size()).open(device, State.NEVER)) {
            fill(backing, 1);
            await(backing::failing);
            for (int i = 0; i < RECORDS_PER_SEGMENT; i++) {
                backing.free((long) i * RECORD_BYTES, RECORD_BYTES);
            }
            fill(backing, 1);
            await(() -> log.messages.size() == 2);
            assertEquals(1, backing.writes());
        }
    }

    @Test
    void oneBadPlaceDoesNotHoldUpTheOthers() throws IOException {
        try (BackingFile backing = State.fresh(device.size()).open(device, State.NEVER)) {
            device.writes = FaultyDevice.at(0, Fault.EIO);
            for (int i = 0; i < 20 * RECORDS_PER_SEGMENT; i++) {
                long place = append(backing, i);
                if (place == FAILED) {
                    i--;
                }
            }
            await(() -> backing.writes() >= 18);
            assertTrue(backing.failing());
            assertEquals(OK, backing.readNow(0, RECORD_BYTES, memory, 0));
        }
    }

    /** A record in a segment that is on the device, with others after it. */
    private long appendWritten(BackingFile backing) {
        long place = append(backing, 1);
        for (int i = 0; i < RECORDS_PER_SEGMENT; i++) {
            append(backing, 2);
        }
        await(() -> backing.writes() == 1);
        return place;
    }

    @Test
    void aSegmentThatCannotBeReadIsAnErrorForItsRecordsOnly() throws IOException {
        try (BackingFile backing = State.fresh(device.size()).open(device, State.FAST);
                ReadBuffer buffer = backing.readBuffer()) {
            long place = appendWritten(backing);
            device.reads = FaultyDevice.DEAD;
            assertEquals(IO_ERROR, backing.read(place, RECORD_BYTES, memory, 0, buffer));
            assertEquals(OK, backing.read(SEGMENT_BYTES, RECORD_BYTES, memory, 0, buffer));
            assertEquals(IO_ERROR, backing.read(place, RECORD_BYTES, memory, 0, buffer));
            assertEquals(2, backing.readErrors());
            assertEquals(
                    List.of("faulty device cannot be read: what it does not give back is lost"), log.messages, "once");
            device.reads = FaultyDevice.HEALTHY;
            assertEquals(OK, backing.read(place, RECORD_BYTES, memory, 0, buffer));
            assertEquals(1, memory.get(JAVA_INT, 0));
        }
    }

    @Test
    void cleaningLeavesAVictimThatCannotBeRead() throws IOException {
        try (BackingFile backing = State.fresh(device.size()).open(device, State.NEVER)) {
            long place = append(backing, 0);
            while (place >= 0) {
                if (place % SEGMENT_BYTES > SEGMENT_BYTES / 2) {
                    backing.free(place, RECORD_BYTES);
                }
                place = append(backing, 0);
            }
            await(() -> backing.writes() >= SEGMENTS - Staging.RESERVE - 1);
            int first = device.readCalls.get();
            // The whole, and as many of its pieces as are tried in vain.
            device.reads = call -> call >= first && call < first + 9 ? Fault.EIO : Fault.NONE;
            long live = backing.liveBytes();
            List<Long> turns = new ArrayList<>();
            Mover mover = new TestMover((records, begin, target) -> {
                turns.add(begin / SEGMENT_BYTES);
                return Mover.Result.DAMAGED;
            });
            await(() -> backing.clean(mover) == Cleaning.CLEAN);
            assertEquals(1, backing.readErrors());
            assertTrue(turns.size() > 1, "the others had their turn");
            assertEquals(live, backing.liveBytes());
        }
    }

    /** Each failure may take a bad disk seconds, and who spills waits for it. */
    @Test
    void whatCleaningCannotReadIsNotReadAgainAtEachLook() throws IOException {
        try (BackingFile backing = State.fresh(device.size()).open(device, State.NEVER)) {
            Records records = new Records(backing);
            records.fillUp();
            await(() -> backing.writes() >= SEGMENTS - Staging.RESERVE - 1);
            records.free(0, 2);
            device.reads = FaultyDevice.DEAD;
            await(() -> backing.clean(records) == Cleaning.CLEAN);
            int calls = device.readCalls.get();
            for (int look = 0; look < 100; look++) {
                backing.clean(records);
            }
            assertEquals(calls, device.readCalls.get());
        }
    }

    @Test
    void anotherFailureToReadIsToldOfAnew() throws IOException {
        Delays delays = new Delays(1_000_000, 1_000_000, 1_000_000, 0);
        try (BackingFile backing = State.fresh(device.size()).open(device, delays);
                ReadBuffer buffer = backing.readBuffer()) {
            long place = appendWritten(backing);
            device.reads = FaultyDevice.DEAD;
            for (int failure = 1; failure <= 2; failure++) {
                LockSupport.parkNanos(10_000_000);
                assertEquals(IO_ERROR, backing.read(place, RECORD_BYTES, memory, 0, buffer));
                assertEquals(failure, log.messages.size());
            }
        }
    }

    @Test
    void appendWaitsAsLongAsItMay() throws IOException, InterruptedException {
        Object gate = new Object();
        boolean[] open = {false};
        device.writes = call -> {
            synchronized (gate) {
                while (!open[0]) {
                    try {
                        gate.wait();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                }
            }
            return Fault.NONE;
        };
        try (BackingFile backing = State.fresh(device.size()).open(device, State.FAST)) {
            long place = 0;
            int records = 0;
            while (place >= 0) {
                place = backing.append(memory, 0, RECORD_BYTES, 0);
                records++;
            }
            assertEquals(WOULD_WAIT, place);
            assertEquals((Staging.BUFFERS - 1) * RECORDS_PER_SEGMENT + 1, records);
            assertEquals(WOULD_WAIT, backing.append(memory, 0, RECORD_BYTES, 1_000_000));
            long[] waited = {-1};
            Thread thread = Thread.ofPlatform().start(() -> waited[0] = append(backing, 1));
            await(() -> thread.getState() == Thread.State.TIMED_WAITING);
            synchronized (gate) {
                open[0] = true;
                gate.notifyAll();
            }
            thread.join();
            assertTrue(waited[0] >= 0);
        }
    }

    /** Review of 27 November, 1.8: eight segments that could not be written ended the file. */
    @ParameterizedTest
    @ValueSource(ints = {1, 7, 8, 12})
    void segmentsThatCannotBeWrittenCostThemselvesAlone(int bad) throws IOException {
        device.badSegments = bad;
        try (BackingFile backing = State.fresh(device.size()).open(device, State.FAST);
                Owner.Scratch scratch = new Owner.Scratch(backing)) {
            int keys = (SEGMENTS - bad - Staging.BUFFERS - Staging.RESERVE) * RECORDS_PER_SEGMENT;
            Owner owner = new Owner(backing, keys);
            for (int version = 0; version < 3; version++) {
                for (int key = 0; key < keys; key++) {
                    int status = owner.store(key, version, scratch);
                    for (int tries = 0; status != OK && tries < 10_000; tries++) {
                        backing.clean(owner);
                        LockSupport.parkNanos(100_000);
                        status = owner.store(key, version, scratch);
                    }
                    assertEquals(OK, status, "version " + version + " of key " + key);
                }
            }
            for (int key = 0; key < keys; key++) {
                assertEquals(2, owner.load(key, scratch), "key " + key);
            }
        }
    }

    @Test
    void closeDoesNotWaitForRetriesAndRefusesWhatComesAfter() throws IOException {
        device.writes = FaultyDevice.DEAD;
        BackingFile backing = State.fresh(device.size()).open(device, State.NEVER);
        for (int i = 0; i < RECORDS_PER_SEGMENT + 1; i++) {
            append(backing, i);
        }
        await(backing::failing);
        backing.close();
        assertTrue(device.closed);
        assertEquals(FAILED, append(backing, 0));
        assertEquals(FAILED, backing.append(memory, 0, RECORD_BYTES, 0));
    }

    /** So many segments, and one record, by which the last of them is sealed. */
    private void fill(BackingFile backing, int segments) {
        for (int i = 0; i <= segments * RECORDS_PER_SEGMENT; i++) {
            assertTrue(append(backing, i) >= 0);
        }
    }

    private long append(BackingFile backing, int value) {
        memory.set(JAVA_INT, 0, value);
        return backing.append(memory, 0, RECORD_BYTES, Owner.PATIENCE);
    }

    private static final class Log extends Handler {
        final List<String> messages = Collections.synchronizedList(new ArrayList<>());

        @Override
        public void publish(LogRecord record) {
            if (record.getLevel().intValue() >= Level.WARNING.intValue()) {
                messages.add(record.getMessage());
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }
}
