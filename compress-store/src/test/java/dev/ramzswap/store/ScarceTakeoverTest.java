package dev.ramzswap.store;

import static dev.ramzswap.store.Daemons.FEW;
import static dev.ramzswap.store.Daemons.LIMIT;
import static dev.ramzswap.store.Daemons.SLOTS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ramzswap.store.Daemons.Found;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A takeover for which there is too little of something: it does without, since a refusal would lose all pages. */
class ScarceTakeoverTest {
    @TempDir
    Path directory;

    @RegisterExtension
    private final Tmpfs tmpfs = new Tmpfs();

    @Test
    void ofMemoryAhead() throws IOException, InterruptedException {
        Path state = tmpfs.mount(24 << 20);
        TestConfig config = new TestConfig(1 << 20).overcommit().stateDirectory(state);
        Daemons.store(config.build(), FEW, 0);
        tmpfs.fill();
        assertEquals(new Found(FEW, 0, 0), Daemons.load(config.ahead(1 << 20).build(), FEW, 0));
    }

    /** As they are when a daemon was killed before it had made them. */
    @ParameterizedTest
    @ValueSource(strings = {"counters", "backing"})
    void ofRoomForAPartThatIsMissing(String part) throws IOException, InterruptedException {
        Path state = tmpfs.mount(24 << 20);
        StoreConfig config = new TestConfig(SLOTS)
                .stateDirectory(state)
                .backing(directory.resolve("file"))
                .build();
        Daemons.store(config, FEW, 0);
        Files.delete(state.resolve("test." + part));
        tmpfs.fill();
        for (int daemon = 0; daemon < 2; daemon++) {
            assertEquals(new Found(FEW, 0, 0), Daemons.load(config, FEW, 0), "daemon " + daemon);
        }
        assertFalse(Files.exists(state.resolve("test." + part)));
        Files.delete(state.resolve("ballast"));
        assertEquals(new Found(FEW, 0, 0), Daemons.load(config, FEW, 0));
        assertEquals(SLOTS, Counters.read(state.resolve("test.counters")).slots());
    }

    @Test
    void ofRoomForAllPagesInTheWorstCase() throws IOException {
        Path file = directory.resolve("file");
        StoreConfig config = Daemons.withFile(directory, file);
        Daemons.store(config, FEW, 0);
        Files.delete(file);
        try (PageStore store = PageStore.open(config);
                Workspace work = store.workspace()) {
            assertEquals(new Found(FEW, 0, 0), Daemons.load(store, work, FEW, 0));
            assertThrows(IllegalArgumentException.class, () -> store.setLimit(LIMIT - 1));
            store.setLimit(LIMIT + (1 << 19));
            assertThrows(IllegalArgumentException.class, () -> store.setLimit(LIMIT));
            store.setLimit(LIMIT + (1 << 20));
        }
    }
}
