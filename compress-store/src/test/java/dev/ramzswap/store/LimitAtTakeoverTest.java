package dev.ramzswap.store;

import static dev.ramzswap.store.Daemons.FEW;
import static dev.ramzswap.store.Daemons.FILE_BYTES;
import static dev.ramzswap.store.Daemons.LIMIT;
import static dev.ramzswap.store.Daemons.SLOTS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.LostLater;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A limit is not lowered by a takeover where the pages that are there already could not go to the backing file. */
class LimitAtTakeoverTest {
    @TempDir
    Path directory;

    private Path file;
    private TestConfig config;

    @BeforeEach
    void leaveAStoreWithAFile() throws IOException {
        file = directory.resolve("file");
        config = Daemons.config(directory).overcommit().backing(file, FILE_BYTES);
        Daemons.store(config.build(), FEW, 0);
    }

    /** A takeover does without it: ELOOP, like any other error of the system. */
    private void moveWhatIsKnownOfTheFileAway() throws IOException {
        Path part = directory.resolve("state/test.backing");
        Files.move(part, directory.resolve("away"));
        Files.createSymbolicLink(part, part);
    }

    private static long takenOverWith(TestConfig config) throws IOException {
        try (PageStore store = PageStore.open(config.build())) {
            return store.limit();
        }
    }

    /** One that ends before it holds, as if killed; {@link Tuning#begin} is what its takeover writes first. */
    private static void killInTakeover(TestConfig config, boolean hasBegun) throws IOException {
        StoreConfig wanted = config.build();
        try (StoreFiles files = StoreFiles.open(wanted, BackingFile::open)) {
            if (hasBegun) {
                Tuning.of(wanted).begin(files.parts().counters(), OptionalLong.empty());
            }
        }
    }

    @Test
    void oneThatWasKeptForWantOfTheFileEndsWhenThatIsBack() throws IOException {
        moveWhatIsKnownOfTheFileAway();
        for (int daemon = 0; daemon < 2; daemon++) {
            assertEquals(LIMIT, takenOverWith(config.limit(LIMIT / 2)), "daemon " + daemon);
        }
        Files.move(
                directory.resolve("away"),
                directory.resolve("state/test.backing"),
                StandardCopyOption.REPLACE_EXISTING);
        assertEquals(LIMIT / 2, takenOverWith(config));
    }

    @Test
    void aTakeoverThatWasKilledLosesNoLimit() throws IOException {
        moveWhatIsKnownOfTheFileAway();
        killInTakeover(config, false);
        assertEquals(LIMIT, takenOverWith(config.limit(LIMIT / 2)));
    }

    @Test
    void norDoesOneThatLowersItAndIsKilledBeforeThatHolds() throws IOException {
        moveWhatIsKnownOfTheFileAway();
        killInTakeover(config.limit(LIMIT / 2), true);
        assertEquals(LIMIT, takenOverWith(config));
    }

    /** Its disk answers late, and that it has failed. */
    @Test
    @Timeout(60)
    void noneIsLoweredAfterAFileWasFoundToBeLost() throws IOException {
        CountDownLatch answer = new CountDownLatch(1);
        StoreConfig whole = Daemons.config(directory).backing(file, FILE_BYTES).build();
        StoreFiles files = StoreFiles.open(whole, backing -> LostLater.open(backing, answer));
        try (PageStore store = PageStore.open(whole, files)) {
            assertThrows(IllegalArgumentException.class, () -> store.setLimit(LIMIT / 2), "it does not answer");
            store.setLimit(2 * LIMIT);
            answer.countDown();
            while (files.parts().file().isWritable()) {
                Thread.onSpinWait();
            }
            assertThrows(IllegalArgumentException.class, () -> store.setLimit(LIMIT));
        }
    }

    /** It may turn out to be lost when the limit is lowered already. */
    @Test
    @Timeout(60)
    void noneIsLoweredWhileAFileDoesNotAnswer() throws IOException {
        CountDownLatch answer = new CountDownLatch(1);
        StoreConfig lower = config.limit(LIMIT / 2).build();
        StoreFiles files = StoreFiles.open(lower, backing -> LostLater.open(backing, answer));
        try (PageStore store = PageStore.open(lower, files)) {
            assertEquals(LIMIT, store.limit());
            answer.countDown();
        }
    }

    /** What is left of it is read, and nothing written. */
    @Test
    void itStaysAlsoIfTheFileIsLostForGood() throws IOException {
        Files.delete(file);
        assertEquals(LIMIT, takenOverWith(config.limit(LIMIT / 2)));
    }

    @Test
    void ifNothingIsKnownOfItTheConfiguredOneHolds() throws IOException {
        moveWhatIsKnownOfTheFileAway();
        Files.delete(directory.resolve("state/test.counters"));
        assertEquals(LIMIT / 2, takenOverWith(config.limit(LIMIT / 2)));
    }

    /** What {@code set} and SIGHUP refuse is not done by a restart. */
    @Test
    void oneThatIsTooLowForTheSlotsIsNotTaken() throws IOException {
        TestConfig strict = new TestConfig(SLOTS).stateDirectory(directory.resolve("strict"));
        try (PageStore store = PageStore.open(strict.limit(4 * LIMIT).build())) {
            assertThrows(IllegalArgumentException.class, () -> store.setLimit(LIMIT));
        }
        List<String> said = log(() -> assertEquals(4 * LIMIT, takenOverWith(strict.limit(LIMIT))));
        assertEquals(1, said.size(), said::toString);
        assertEquals(
                "test keeps the limit that it had, not the lower one that is configured: pages that do not compress would"
                        + " not fit: 4096 slots of 4 KiB, limit and backing file hold 15 MiB too little: give a higher"
                        + " limit, a larger backing file, or --overcommit",
                said.getFirst());
        assertEquals(4 * LIMIT, takenOverWith(strict), "by the next but one, too");
    }

    private interface Step {
        void run() throws IOException;
    }

    private static List<String> log(Step step) throws IOException {
        List<String> said = new ArrayList<>();
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord message) {
                said.add(message.getMessage());
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Logger logger = Logger.getLogger(Limit.class.getName());
        logger.addHandler(handler);
        try {
            step.run();
        } finally {
            logger.removeHandler(handler);
        }
        return said;
    }
}
