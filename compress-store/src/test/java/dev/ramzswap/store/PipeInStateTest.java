package dev.ramzswap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Another user has put pipes into a sticky state directory, as /dev/shm is: who opens one would wait for ever. */
class PipeInStateTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int PAGES = 100;

    @TempDir
    private Path directory;

    private static void makePipe(Path path) throws IOException, InterruptedException {
        assertEquals(0, new ProcessBuilder("mkfifo", path.toString()).start().waitFor());
    }

    @Test
    void aTakeoverGoesOnWithoutTheFileThatItCannotBegin() throws Exception {
        Daemons.store(Daemons.config(directory).overcommit().build(), PAGES, 0);
        makePipe(directory.resolve("state/test.backing"));
        assertTimeoutPreemptively(PATIENCE, () -> {
            try (PageStore store = PageStore.open(Daemons.withFile(directory, directory.resolve("file")));
                    Workspace work = store.workspace()) {
                assertEquals(new Daemons.Found(PAGES, 0, 0), Daemons.load(store, work, PAGES, 0));
            }
        });
    }

    @Test
    void whoReadsTheCountersDoesNotWaitForIt() throws Exception {
        Path pipe = directory.resolve("test.counters");
        makePipe(pipe);
        assertTimeoutPreemptively(PATIENCE, () -> assertThrows(IOException.class, () -> Counters.read(pipe)));
    }

    @Test
    void whoStandsByDoesNotWaitForIt() throws Exception {
        StoreConfig config = Daemons.config(directory).overcommit().build();
        Files.createDirectories(directory.resolve("state"));
        Files.writeString(directory.resolve("state/test.map"), "x");
        makePipe(directory.resolve("state/test.pool"));
        assertTimeoutPreemptively(PATIENCE, () -> StoreState.requireReadable(config));
    }
}
