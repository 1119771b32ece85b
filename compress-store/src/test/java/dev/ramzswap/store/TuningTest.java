package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Limit and codec of a store that is taken over. */
class TuningTest {
    private static final int SLOTS = 1024;
    private static final int TIMES_CONFIGURED_OFFSET = 328;
    private static final int LIMIT_THAT_HOLDS_OFFSET = 336;

    @TempDir
    Path directory;

    private StoreConfig config(int limitMiB, String codec) {
        return new TestConfig(SLOTS)
                .limit((long) limitMiB << 20)
                .codec(codec)
                .overcommit()
                .stateDirectory(directory)
                .build();
    }

    private static Tuning tuning(int limitMiB, String codec) {
        return new Tuning((long) limitMiB << 20, CodecSpec.parse(codec));
    }

    private static Tuning of(PageStore store) {
        assertEquals(store.limit(), store.counters().get(Counters.Counter.MEM_LIMIT));
        assertEquals(store.codec().toString(), store.counters().snapshot().codec());
        return new Tuning(store.limit(), store.codec());
    }

    /** What one that takes over begins with; it leaves that to the next. */
    private static Tuning takenOver(StoreConfig config, OptionalLong known) throws IOException {
        try (PageStore store = PageStore.open(config, known)) {
            return of(store);
        }
    }

    private static Tuning takenOver(StoreConfig config) throws IOException {
        return takenOver(config, OptionalLong.empty());
    }

    /** A store that was configured like this, and has become otherwise since. */
    private void leave(StoreConfig config) throws IOException {
        try (PageStore store = PageStore.open(config)) {
            assertEquals(Tuning.of(config), of(store));
            store.setLimit(3 << 20);
            store.setCodec(CodecSpec.parse("zstd:3"));
        }
    }

    @Test
    void whatWasSetHoldsUntilSomethingElseIsConfigured() throws IOException {
        leave(config(2, "lz4"));
        assertEquals(tuning(3, "zstd:3"), takenOver(config(2, "lz4")));
        assertEquals(tuning(3, "zstd:3"), takenOver(config(2, "lz4")), "by the next but one, too");
        assertEquals(tuning(4, "zstd:3"), takenOver(config(4, "lz4")), "the codec is configured as before");
        assertEquals(tuning(4, "zstd:5"), takenOver(config(4, "zstd:5")));
        assertEquals(tuning(2, "lz4"), takenOver(config(2, "lz4")));
    }

    @Test
    void noLimitIsOneAsWell() throws IOException {
        StoreConfig unlimited = new TestConfig(SLOTS).stateDirectory(directory).build();
        try (PageStore store = PageStore.open(unlimited)) {
            assertEquals(0, store.counters().get(Counters.Counter.MEM_LIMIT));
        }
        try (PageStore store = PageStore.open(unlimited)) {
            assertEquals(StoreConfig.NO_LIMIT, store.limit());
        }
    }

    /** Who stands by has read its configuration long before; others may have been configured meanwhile. */
    @Test
    void whatWasReadEarlierGivesWay() throws IOException {
        OptionalLong first = OptionalLong.of(1);
        try (PageStore store = PageStore.open(config(2, "lz4"), first)) {
            store.tunables().configure(3 << 20, CodecSpec.parse("zstd:3"));
        }
        assertEquals(tuning(3, "zstd:3"), takenOver(config(2, "lz4"), first));
        assertEquals(tuning(4, "zstd:3"), takenOver(config(4, "zstd:3"), OptionalLong.of(2)), "read after that");
        assertEquals(tuning(2, "lz4"), takenOver(config(2, "lz4")), "read now");
    }

    /** By a SIGHUP to one that stood by; the daemon that served may have had it, too, or not. */
    @Test
    void whatWasAskedForWhileItStoodByChangesOnlyWhatIsNew() throws IOException {
        leave(config(2, "lz4"));
        try (PageStore store = PageStore.open(config(2, "lz4"))) {
            store.tunables().catchUp(2 << 20, CodecSpec.LZ4);
            assertEquals(tuning(3, "zstd:3"), of(store));
            assertEquals(1, store.counters().snapshot().timesConfigured(), "outdates nobody");
            store.tunables().catchUp(4 << 20, CodecSpec.LZ4);
            assertEquals(tuning(4, "zstd:3"), of(store));
        }
        assertEquals(tuning(4, "zstd:3"), takenOver(config(2, "lz4"), OptionalLong.of(1)));
    }

    /** A limit that the takeover could not follow is no reason to refuse what else the same file says. */
    @Test
    void aLimitThatIsConfiguredAlreadyIsNotJudgedAgain() throws IOException {
        leaveLimit(4);
        try (PageStore store = PageStore.open(strict(1))) {
            assertEquals(4 << 20, store.limit());
            store.tunables().requireConfigurable(1 << 20);
            store.tunables().configure(1 << 20, CodecSpec.parse("zstd:3"));
            assertEquals(tuning(4, "zstd:3"), of(store));
            assertThrows(IllegalArgumentException.class, () -> store.tunables().requireConfigurable(2 << 20));
        }
    }

    private void leaveLimit(int mib) throws IOException {
        PageStore.open(strict(mib)).close();
    }

    /** Without overcommit, and without a backing file. */
    private StoreConfig strict(int mib) {
        return new TestConfig(700)
                .limit((long) mib << 20)
                .stateDirectory(directory)
                .build();
    }

    /** A codec that is none ends it halfway. */
    @Test
    void oneThatIsKilledWhileItKeepsWhatWasConfiguredHasOutdatedOthersAlready() throws IOException {
        OptionalLong first = OptionalLong.of(1);
        try (PageStore store = PageStore.open(config(2, "lz4"), first)) {
            store.setLimit(3 << 20);
            Tuning half = new Tuning(3 << 20, null);
            assertThrows(NullPointerException.class, () -> store.counters().setConfigured(half));
        }
        assertEquals(tuning(3, "lz4"), takenOver(config(2, "lz4"), first));
    }

    @Test
    void oneThatIsConfiguredAsBeforeOutdatesNobody() throws IOException {
        OptionalLong first = OptionalLong.of(1);
        leave(config(2, "lz4"));
        assertEquals(tuning(3, "zstd:3"), takenOver(config(2, "lz4"), first));
        assertEquals(tuning(4, "zstd:5"), takenOver(config(4, "zstd:5"), first));
    }

    @Test
    void theStateOfADaemonThatKeptNothingOfItIsTakenOverAsConfigured() throws IOException {
        leave(config(2, "lz4"));
        forget(TIMES_CONFIGURED_OFFSET);
        assertEquals(tuning(4, "lz4"), takenOver(config(4, "lz4")));
    }

    /** A word of the head, which an earlier daemon did not keep. */
    private void forget(int offset) throws IOException {
        try (FileChannel counters = FileChannel.open(directory.resolve("test.counters"), StandardOpenOption.WRITE)) {
            for (int copy : CountersHead.COPIES) {
                counters.write(ByteBuffer.allocate(Long.BYTES), copy + offset);
            }
        }
    }

    /** It has said what is to hold, and not yet what does. */
    @Test
    void aTakeoverThatIsKilledLeavesTheLimitThatAnEarlierDaemonHad() throws IOException {
        try (PageStore store = PageStore.open(strict(4))) {
            forget(LIMIT_THAT_HOLDS_OFFSET);
            Tuning.of(strict(1)).begin(store.counters(), OptionalLong.empty());
        }
        assertEquals(tuning(4, "lz4"), takenOver(strict(1)));
    }
}
