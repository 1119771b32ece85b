package dev.ramzswap.store;

import static dev.ramzswap.store.Daemons.FILE_BYTES;
import static dev.ramzswap.store.Daemons.SLOTS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.linux.MappedFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Without a map there is nothing to take over, whatever else is left of a store. */
class StateWithoutMapTest {
    @TempDir
    Path directory;

    @RegisterExtension
    private final Tmpfs tmpfs = new Tmpfs();

    @Test
    void theMapIsTheFirstThatADiscardedStoreLoses() throws IOException {
        Path state = Files.createDirectory(directory.resolve("state"));
        PageStore store = PageStore.open(Daemons.withFile(directory, directory.resolve("file")));
        // A directory that is not empty cannot be removed: the store is as if killed at this part.
        Files.delete(state.resolve("test.backing"));
        Files.createDirectories(state.resolve("test.backing/obstacle"));
        assertThrows(IOException.class, store::discard);
        assertFalse(Files.exists(state.resolve("test.map")));
    }

    /** What {@link PageStore#discard} has not removed yet, when it is killed. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void aStoreThatIsLeftInPartIsBegunAnew(int removed) throws IOException {
        StoreConfig config = Daemons.withFile(directory, directory.resolve("file"));
        Daemons.store(config, SLOTS, 0);
        for (String part : List.of("map", "backing", "pool").subList(0, removed)) {
            MappedFile.remove(directory.resolve("state/test." + part));
        }
        try (PageStore store = PageStore.open(config);
                Workspace work = store.workspace()) {
            assertFalse(store.isTakenOver());
            assertEquals(0, Daemons.load(store, work, SLOTS, 0).lost());
            assertEquals(PageStore.HOLE, store.extent(1));
            Daemons.store(store, work, SLOTS, SLOTS);
            assertEquals(new Daemons.Found(SLOTS, 0, 0), Daemons.load(store, work, SLOTS, SLOTS));
        }
        assertEquals(new Daemons.Found(SLOTS, 0, 0), Daemons.load(config, SLOTS, SLOTS));
    }

    /** Whoever is killed before has begun nothing. */
    @Test
    void theMapIsTheLastThatAStoreGets() throws IOException {
        Path map = directory.resolve("state/test.map");
        StoreConfig config = Daemons.withFile(directory, directory.resolve("file"));
        StoreFiles files = StoreFiles.open(config, backing -> {
            BackingFile file = BackingFile.open(backing);
            assertEquals(0, Files.size(map));
            return file;
        });
        try (PageStore store = PageStore.open(config, files)) {
            assertFalse(store.isTakenOver());
            assertEquals(SlotMap.bytes(SLOTS), Files.size(map));
        }
    }

    /** Of another size, too: the first one is killed, and somebody thinks better of it. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void aStoreWhoseMapIsNotMadeIsBegunAnew(int times) throws IOException {
        StoreConfig config = Daemons.withFile(directory, directory.resolve("file"));
        Daemons.store(config, SLOTS, 0);
        long identity = Counters.read(directory.resolve("state/test.counters")).identity();
        Files.write(directory.resolve("state/test.map"), new byte[0]);
        StoreConfig next = new TestConfig(times * SLOTS)
                .overcommit()
                .backing(directory.resolve("file"), times * FILE_BYTES)
                .stateDirectory(directory.resolve("state"))
                .build();
        StoreState.awaitFree(next, () -> {});
        try (PageStore store = PageStore.open(next)) {
            assertFalse(store.isTakenOver());
            assertNotEquals(identity, store.counters().identity());
            assertEquals(0, store.counters().get(Counters.Counter.FAILED_STORES));
        }
    }

    /** Also with counters that are left of a store, and only for that one's pool. */
    @ParameterizedTest
    @ValueSource(strings = {"counters", "pool", "backing"})
    void whatIsNoPartOfAStoreIsLeftAlone(String part) throws IOException {
        StoreConfig config = Daemons.withFile(directory, directory.resolve("file"));
        Daemons.store(config, Daemons.FEW, 0);
        Path foreign = directory.resolve("state/test." + part);
        MappedFile.remove(directory.resolve("state/test.map"));
        MappedFile.remove(foreign);
        Files.writeString(foreign, "notes of mine");
        IOException refusal = assertThrows(IOException.class, () -> PageStore.open(config));
        assertTrue(refusal.getMessage().startsWith(foreign + " is no part of a store"), refusal.getMessage());
        assertEquals("notes of mine", Files.readString(foreign));
        try (Stream<Path> left = Files.list(directory.resolve("state"))) {
            assertEquals(3, left.count());
        }
        Files.delete(foreign);
        PageStore.open(config).close();
    }

    /** The daemon before it had no backing file. */
    @Test
    void aTakeoverDoesWithoutWhatIsNoPartOfItEither() throws IOException {
        Daemons.store(Daemons.config(directory).limit(StoreConfig.NO_LIMIT).build(), Daemons.FEW, 0);
        Path foreign = directory.resolve("state/test.backing");
        Files.writeString(foreign, "notes of mine");
        StoreConfig config = Daemons.withFile(directory, directory.resolve("file"));
        assertEquals(new Daemons.Found(Daemons.FEW, 0, 0), Daemons.load(config, Daemons.FEW, 0));
        assertEquals("notes of mine", Files.readString(foreign));
    }

    /** Whoever made it was killed when it had its size, and nothing else. */
    @Test
    void aPartThatIsNotWrittenYetIsOne() throws IOException {
        Path state = Files.createDirectory(directory.resolve("state"));
        StoreConfig config = Daemons.withFile(directory, directory.resolve("file"));
        for (String part : List.of("counters", "backing")) {
            MappedFile.at(state.resolve("test." + part), Counters.FILE_BYTES).close();
        }
        PageStore.open(config).close();
    }

    @Test
    void itsSizeOfTheFileIsNotThatOfTheNextOne() throws IOException {
        StoreConfig small = Daemons.config(directory)
                .overcommit()
                .backing(directory.resolve("file"), FILE_BYTES / 2)
                .build();
        Daemons.store(small, Daemons.FEW, 0);
        MappedFile.remove(directory.resolve("state/test.map"));
        Daemons.store(Daemons.withFile(directory, directory.resolve("file")), SLOTS, 0);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1 << 20})
    void theMemoryOfItsPoolIsGivenBack(long ahead) throws IOException, InterruptedException {
        Path state = tmpfs.mount(64 << 20);
        Daemons.store(new TestConfig(SLOTS).stateDirectory(state).build(), SLOTS, 0);
        long used = tmpfs.used();
        Files.delete(state.resolve("test.map"));
        long limit = 4 << 20;
        StoreConfig config = new TestConfig(SLOTS)
                .limit(limit)
                .ahead(ahead)
                .backing(directory.resolve("file"), FILE_BYTES)
                .overcommit()
                .stateDirectory(state)
                .build();
        try (PageStore store = PageStore.open(config)) {
            assertFalse(store.isTakenOver());
            long left = tmpfs.used();
            // The counters, the key and the segments in memory do not count.
            assertTrue(left <= limit + (4 << 20), left + " bytes of " + used);
        }
    }
}
