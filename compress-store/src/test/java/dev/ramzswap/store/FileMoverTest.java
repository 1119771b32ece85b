package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.BadAreaDevice;
import dev.ramzswap.backing.Mover;
import dev.ramzswap.linux.MappedFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A slot gets another word between the mover's look at it and the pin. */
class FileMoverTest {
    private static final int SLOTS = 4096;
    private static final int SLOT = 7;
    private static final int SEGMENTS = 16;

    private enum Other {
        HOLE,
        ZEROES,
        IN_POOL,
        ELSEWHERE_IN_FILE
    }

    private final Activity activity = new Activity();
    private final Arena arena = Arena.ofShared();
    private StoreFiles files;
    private MappedFile mapFile;
    private WatchedMap map;
    private BackingFile file;
    private Workspace work;
    private FileMover mover;

    @BeforeEach
    void open() throws IOException {
        StoreConfig config = new TestConfig(SLOTS)
                .limit(1 << 20)
                .overcommit()
                .backing(Path.of("unused"), (long) SEGMENTS * BackingFile.SEGMENT_BYTES)
                .build();
        files = StoreFiles.open(config, new BadAreaDevice(SEGMENTS)::open);
        Parts parts = files.parts();
        mapFile = MappedFile.inMemory("map", SlotMap.bytes(SLOTS));
        map = new WatchedMap(mapFile, SLOTS, parts.counters());
        file = parts.file();
        work = new Workspace(0, file.readBuffer(), parts.fileSeal(), activity);
        Parts own = new Parts(
                map, parts.regions(), parts.regionMemory(), parts.pool(), file, parts.fileSeal(), parts.counters());
        mover = new FileMover(
                own, new Ownership(own, new Fullness()), activity, new Fullness(), () -> false, () -> {}, work);
    }

    @AfterEach
    void close() throws IOException {
        work.close();
        map.close();
        mapFile.close();
        files.close();
        arena.close();
    }

    /** Found by the content: the word is looked at once. */
    @ParameterizedTest
    @EnumSource
    void whatWasStoredInsteadOfWhatIsShownStays(Other other) {
        assertStays(other, true, 1);
    }

    /** Found by the map alone: the word is looked at to count what is live, and then again. */
    @ParameterizedTest
    @EnumSource
    void whatWasStoredInsteadOfWhatIsHiddenStays(Other other) {
        assertStays(other, false, 2);
    }

    private void assertStays(Other kind, boolean isShown, int looks) {
        long word = append();
        long other = other(kind, word);
        MemorySegment records = arena.allocate(BackingFile.SEGMENT_BYTES);
        if (isShown) {
            MemorySegment.copy(work.record.memory, 0, records, Slot.place(word), Record.bytes(word));
        }
        map.exchange(SLOT, word);
        map.watch(SLOT, looks, () -> map.exchange(SLOT, other));
        Mover.Result result = mover.move(records, 0, BackingFile.SEGMENT_BYTES, live(word), (from, offset, length) -> {
            throw new AssertionError("moved from " + offset);
        });
        assertEquals(Mover.Result.EMPTIED, result);
        assertEquals(other, map.get(SLOT));
    }

    /** Returns the word of a page in the first segment. */
    private long append() {
        work.encode(SLOT, Daemons.page(1), 0, CodecSpec.LZ4, StoreConfig.DEFAULT_CUTOFF);
        work.record.sealForFile();
        long place = file.append(work.record.memory, 0, work.record.bytes(), 0);
        assertTrue(place >= 0 && place < BackingFile.SEGMENT_BYTES);
        return Slot.inFile(work.record.codec(), work.record.length(), place);
    }

    private long other(Other kind, long word) {
        return switch (kind) {
            case HOLE -> Slot.HOLE;
            case ZEROES -> Slot.fill(SLOT, 0);
            case IN_POOL -> Slot.inPool(Slot.codec(word), Slot.length(word), Slot.place(word));
            case ELSEWHERE_IN_FILE ->
                Slot.inFile(Slot.codec(word), Slot.length(word), Slot.place(word) + 3L * BackingFile.SEGMENT_BYTES);
        };
    }

    private static Mover.Count live(long word) {
        return new Mover.Count() {
            @Override
            public int live() {
                return Record.bytes(word) + 7 & -8;
            }

            @Override
            public void forget(int bytes) {}
        };
    }
}
