package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The key of a backing file ends with its store, and not when somebody else happens to need the memory. */
class ForgottenKeyTest {
    private static final ByteBuffer ZEROES = ByteBuffer.allocate(4096);

    @TempDir
    Path directory;

    private StoreConfig config() {
        return Daemons.config(directory)
                .backing(directory.resolve("file"), Daemons.FILE_BYTES)
                .build();
    }

    /** The page with all copies of the key. */
    private static ByteBuffer head(FileChannel state) throws IOException {
        ByteBuffer page = ByteBuffer.allocate(ZEROES.capacity());
        state.read(page, 0);
        return page.flip();
    }

    private Path state() throws IOException {
        try (var files = Files.walk(directory)) {
            return files.filter(file -> file.getFileName().toString().endsWith(".backing"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Test
    void isWipedWhenTheStateIsRemoved() throws IOException {
        PageStore store = PageStore.open(config());
        try (FileChannel state = FileChannel.open(state())) {
            assertNotEquals(ZEROES, head(state));
            store.discard();
            assertEquals(ZEROES, head(state));
        }
    }

    @Test
    void isKeptForTheNextDaemon() throws IOException {
        PageStore store = PageStore.open(config());
        try (FileChannel state = FileChannel.open(state())) {
            ByteBuffer before = head(state);
            store.close();
            assertEquals(before, head(state));
        }
    }

    @Test
    void isWipedWithTheMemoryFileOfAStoreWithoutState() throws IOException {
        StoreConfig config = new TestConfig(Daemons.SLOTS)
                .limit(1 << 20)
                .backing(directory.resolve("file"), Daemons.FILE_BYTES)
                .overcommit()
                .build();
        try (FileChannel state = memoryFile(PageStore.open(config))) {
            assertEquals(ZEROES, head(state));
        }
    }

    /** Opens the memory file with the key by /proc, then closes the store. */
    private static FileChannel memoryFile(PageStore store) throws IOException {
        try (store;
                var files = Files.list(Path.of("/proc/self/fd"))) {
            Path file = files.filter(ForgottenKeyTest::isHead).findFirst().orElseThrow();
            FileChannel state = FileChannel.open(file);
            assertNotEquals(ZEROES, head(state));
            return state;
        }
    }

    private static boolean isHead(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().startsWith("/memfd:ramzswap-backing");
        } catch (IOException e) {
            return false; // closed meanwhile
        }
    }
}
