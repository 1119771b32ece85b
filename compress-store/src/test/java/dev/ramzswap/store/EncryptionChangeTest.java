package dev.ramzswap.store;

import static dev.ramzswap.store.Daemons.SLOTS;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Encryption of the backing file is turned on or off by the daemons, one after the other. */
class EncryptionChangeTest {
    @TempDir
    Path directory;

    /** What the second writes, it writes until no segment of the first is left; then nobody knows of its encryption. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void everyPageIsFoundByADaemonThatEncryptsAsTheOneBefore(boolean first) throws IOException {
        Daemons.store(config(first), SLOTS, 0);
        try (PageStore store = PageStore.open(config(!first));
                Workspace work = store.workspace()) {
            for (int round = 1; round <= 3; round++) {
                Daemons.store(store, work, SLOTS, round * SLOTS);
            }
        }
        assertEquals(new Daemons.Found(SLOTS, 0, 0), Daemons.load(config(!first), SLOTS, 3 * SLOTS));
        assertEquals(new Daemons.Found(SLOTS, 0, 0), Daemons.load(config(first), SLOTS, 3 * SLOTS));
    }

    private StoreConfig config(boolean encrypt) {
        return Daemons.config(directory)
                .backing(directory.resolve("file"), Daemons.FILE_BYTES, encrypt)
                .build();
    }
}
