package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.OK;
import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;
import static dev.ramzswap.backing.BackingFileTest.await;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A later backing file in the memories of an earlier one. */
@Timeout(60)
class TakeoverTest {
    private static final int KEYS = 600;
    private static final long BYTES = 24L * SEGMENT_BYTES;

    @TempDir
    Path dir;

    private final State state = State.fresh(BYTES);

    @Test
    void everyRecordIsThereAgain() throws IOException {
        Owner owner = storeAll(true);
        long live = owner.backing.liveBytes();
        owner.backing.close();
        try (BackingFile backing = open(true);
                Owner.Scratch scratch = new Owner.Scratch(backing)) {
            assertTrue(backing.takenOver());
            Owner next = new Owner(backing, owner.map);
            assertLoads(next, 0, scratch);
            next.adopt();
            assertEquals(live, backing.liveBytes());
            assertLoads(next, 0, scratch);
            for (int key = 0; key < KEYS; key++) {
                assertEquals(OK, next.store(key, 1, scratch));
            }
            assertLoads(next, 1, scratch);
        }
    }

    @Test
    void whatIsNotAdoptedIsFree() throws IOException {
        Owner owner = storeAll(true);
        owner.backing.close();
        try (BackingFile backing = open(true)) {
            backing.adopted();
            await(() -> backing.freeSegments() == backing.segments());
            assertEquals(0, backing.liveBytes());
            assertEquals(0, backing.writes());
        }
    }

    @Test
    void nothingIsTakenBeforeAllIsAdopted() throws IOException {
        Owner owner = storeAll(true);
        owner.backing.close();
        try (BackingFile backing = open(true);
                Owner.Scratch scratch = new Owner.Scratch(backing)) {
            Owner next = new Owner(backing, owner.map);
            assertThrows(IllegalStateException.class, () -> next.store(0, 1, scratch));
        }
    }

    @Test
    void refusesRecordsWhereThereCanBeNone() throws IOException {
        Owner owner = storeAll(true);
        owner.backing.close();
        try (BackingFile backing = open(true)) {
            assertFalse(backing.adopt(BYTES - SEGMENT_BYTES, 100), "a free segment");
            assertFalse(backing.adopt(BYTES, 100), "beyond the end");
            assertFalse(backing.adopt(-8, 100));
            assertFalse(backing.adopt(0, 0));
            assertTrue(backing.adopt(0, 100));
        }
    }

    @Test
    void encryptionMayChange() throws IOException {
        Owner owner = storeAll(true);
        owner.backing.close();
        BackingFile plain = open(false);
        Owner next = new Owner(plain, owner.map);
        next.adopt();
        try (Owner.Scratch scratch = new Owner.Scratch(plain)) {
            assertLoads(next, 0, scratch);
            for (int key = 0; key < KEYS; key += 2) {
                next.store(key, 0, scratch);
            }
            assertLoads(next, 0, scratch);
        }
        plain.close();
        try (BackingFile backing = open(true);
                Owner.Scratch scratch = new Owner.Scratch(backing)) {
            Owner last = new Owner(backing, owner.map);
            last.adopt();
            assertLoads(last, 0, scratch);
        }
    }

    @Test
    void aTakeoverKeepsTheKeyAndAFreshStartMakesOne() throws IOException {
        storeAll(true).backing.close();
        byte[] key = state.key().toArray(JAVA_BYTE);
        open(true).close();
        assertArrayEquals(key, state.key().toArray(JAVA_BYTE));
        state.table().fill((byte) 0);
        open(true).close();
        assertFalse(Arrays.equals(key, state.key().toArray(JAVA_BYTE)));
    }

    /** Who begins to read after that reads as all others do. */
    @Test
    void aBitOfTheKeyThatFlipsInADaemonChangesNothing() throws IOException {
        Owner owner = storeAll(true);
        await(() -> owner.backing.writes() > 0);
        state.key().set(JAVA_BYTE, 3, (byte) (state.key().get(JAVA_BYTE, 3) ^ 4));
        try (BackingFile backing = owner.backing;
                Owner.Scratch scratch = new Owner.Scratch(backing)) {
            assertLoads(owner, 0, scratch);
        }
    }

    @Test
    void everyUseOfASegmentHasAGenerationOfItsOwn() throws IOException {
        Owner owner = storeAll(true);
        try (Owner.Scratch scratch = new Owner.Scratch(owner.backing)) {
            for (int round = 0; round < 20; round++) {
                for (int key = 0; key < KEYS; key++) {
                    owner.store(key, round, scratch);
                }
            }
        }
        long taken = 0;
        for (long at = 0; at < state.table().byteSize(); at += 8) {
            taken += SegmentWord.generation(state.table().get(JAVA_LONG, at));
        }
        long open = 1;
        assertTrue(taken >= owner.backing.writes() + open, taken + " of " + owner.backing.writes());
        owner.backing.close();
    }

    /** It may be somebody else's by now; to refuse the takeover would lose what does not lie in it. */
    @Test
    void aFileWithoutItsLabelIsReadAndNeverWritten() throws IOException {
        Owner owner = storeAll(true);
        owner.backing.close();
        Path path = dir.resolve("backing");
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.WRITE)) {
            file.truncate(BYTES);
        }
        byte[] content = Files.readAllBytes(path);
        try (BackingFile backing = open(true);
                Owner.Scratch scratch = new Owner.Scratch(backing)) {
            Owner next = new Owner(backing, owner.map);
            next.adopt();
            assertLoads(next, 0, scratch);
            for (int key = 0; key < KEYS / 2; key++) {
                assertEquals(OK, next.store(key, 1, scratch), "to memory");
            }
            await(backing::failing);
            for (int key = 0; key < KEYS; key++) {
                assertEquals(key < KEYS / 2 ? 1 : 0, next.load(key, scratch), "key " + key);
            }
        }
        assertArrayEquals(content, Files.readAllBytes(path));
    }

    /** Whatever bit of a segment's word: the takeover succeeds, and each record is right or an error. */
    @ParameterizedTest
    @ValueSource(ints = {SegmentWord.FREE, SegmentWord.STAGED, SegmentWord.WRITTEN})
    void aFlippedBitOfTheTableCostsItsOwnSegmentAlone(int kind) throws IOException {
        Owner owner = storeAll(true);
        owner.backing.close();
        int segment = 0;
        while (SegmentWord.state(state.table().getAtIndex(JAVA_LONG, segment)) != kind) {
            segment++;
        }
        byte[] table = state.table().toArray(JAVA_BYTE);
        byte[] staging = state.staging().toArray(JAVA_BYTE);
        for (int bit = segment * 64; bit < (segment + 1) * 64; bit++) {
            MemorySegment.copy(table, 0, state.table(), JAVA_BYTE, 0, table.length);
            MemorySegment.copy(staging, 0, state.staging(), JAVA_BYTE, 0, staging.length);
            state.table().set(JAVA_BYTE, bit / 8, (byte) (table[bit / 8] ^ 1 << bit % 8));
            try (BackingFile next = open(true);
                    Owner.Scratch scratch = new Owner.Scratch(next)) {
                Owner heir = new Owner(next, owner.map);
                heir.adoptWhatCanBe();
                for (int key = 0; key < KEYS; key++) {
                    int version = heir.load(key, scratch);
                    boolean isThere = heir.segmentOf(key) == segment;
                    assertTrue(version == 0 || isThere && version == Owner.UNREADABLE, "bit " + bit + ", key " + key);
                }
            }
        }
    }

    /** What is sealed for the clear must not be encrypted: it could be changed unseen. */
    @Test
    void nothingIsAppendedInTheClearToASegmentThatIsToBeEncrypted() {
        try (Arena arena = Arena.ofConfined()) {
            SegmentTable table = new SegmentTable(state.table(), (int) (BYTES / SEGMENT_BYTES), arena);
            table.take(0, true);
            assertEquals(SegmentTable.NONE, buffers(table, false).emptiestSealed());
            table.take(1, false);
            assertEquals(1, buffers(table, false).emptiestSealed());
            assertEquals(0, buffers(table, true).emptiestSealed());
        }
    }

    private StagingBuffers buffers(SegmentTable table, boolean encrypt) {
        return new StagingBuffers(state.staging(), table, encrypt, new WriteRetries(State.FAST));
    }

    private BackingFile open(boolean encrypt) throws IOException {
        return BackingFile.open(state.config(dir.resolve("backing"), encrypt));
    }

    private Owner storeAll(boolean encrypt) throws IOException {
        BackingFile backing = open(encrypt);
        assertFalse(backing.takenOver());
        Owner owner = new Owner(backing, KEYS);
        try (Owner.Scratch scratch = new Owner.Scratch(backing)) {
            for (int key = 0; key < KEYS; key++) {
                assertEquals(OK, owner.store(key, 0, scratch));
            }
        }
        return owner;
    }

    private static void assertLoads(Owner owner, int version, Owner.Scratch scratch) {
        for (int key = 0; key < KEYS; key++) {
            assertEquals(version, owner.load(key, scratch), "key " + key);
        }
    }
}
