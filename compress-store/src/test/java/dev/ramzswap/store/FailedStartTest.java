package dev.ramzswap.store;

import static dev.ramzswap.store.Daemons.FEW;
import static dev.ramzswap.store.Daemons.FILE_BYTES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.backing.UnclosableDevice;
import dev.ramzswap.linux.MappedFile;
import dev.ramzswap.linux.NativeFile;
import dev.ramzswap.linux.Progress;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What a start that fails leaves to the next one. */
class FailedStartTest {
    @TempDir
    Path directory;

    @RegisterExtension
    private final Tmpfs tmpfs = new Tmpfs();

    private Path state;
    private Path file;

    @BeforeEach
    void choosePaths() throws IOException {
        state = Files.createDirectory(directory.resolve("state"));
        file = directory.resolve("file");
    }

    @Test
    void aFirstStartThatIsRefusedLeavesNothing() throws IOException {
        StoreConfig refused = Daemons.withFile(directory, directory.resolve("missing/file"));
        assertThrows(IOException.class, () -> PageStore.open(refused));
        assertNothingIn(state);
        try (PageStore store = PageStore.open(Daemons.withFile(directory, file))) {
            assertFalse(store.isTakenOver());
        }
    }

    @Test
    void afterOneWithTooLargeAFileASmallerOneIsTaken() throws IOException {
        StoreConfig tooLarge = Daemons.config(directory)
                .backing(file, directory.toFile().getTotalSpace())
                .build();
        assertThrows(IOException.class, () -> PageStore.open(tooLarge));
        try (PageStore store = PageStore.open(Daemons.withFile(directory, file))) {
            assertFalse(store.isTakenOver());
        }
    }

    /** Its memory ahead finds no room. */
    @Test
    void oneThatFailsWhenAllIsOpenLeavesNothingEither() throws IOException, InterruptedException {
        Path small = tmpfs.mount(8 << 20);
        StoreConfig config = withMemoryAhead(small).build();
        assertThrows(IOException.class, () -> PageStore.open(config));
        assertNothingIn(small);
    }

    @Test
    void norDoesOneThatIsToldToEndWhileItTakesMemoryAhead() throws IOException, InterruptedException {
        Path own = tmpfs.mount(64 << 20);
        StoreConfig config = withMemoryAhead(own).build();
        int[] asked = {0};
        Supplier<Optional<String>> stopped = () -> asked[0]++ == 1 ? Optional.of("told to end") : Optional.empty();
        IOException e = ScopedValue.where(Progress.STOPPED, stopped)
                .call(() -> assertThrows(InterruptedIOException.class, () -> PageStore.open(config)));
        assertEquals("told to end while taking memory for test", e.getMessage());
        assertNothingIn(own);
    }

    /** That no thread or heap is to be had is one. */
    @Test
    void norDoesAnError() throws IOException, InterruptedException {
        Path own = tmpfs.mount(64 << 20);
        StoreConfig config = withMemoryAhead(own).build();
        Supplier<Optional<String>> failing = () -> {
            throw new OutOfMemoryError("made up");
        };
        ScopedValue.where(Progress.STOPPED, failing)
                .run(() -> assertThrows(OutOfMemoryError.class, () -> PageStore.open(config)));
        assertNothingIn(own);
    }

    /** It would be reached by pages that are refused. */
    @Test
    void aLimitThatTheStateDirectoryHasNoRoomForIsRefused() throws IOException, InterruptedException {
        Path small = tmpfs.mount(8 << 20);
        TestConfig config = new TestConfig(Daemons.SLOTS).stateDirectory(small);
        IOException refusal = assertThrows(IOException.class, () -> PageStore.open(config.build()));
        assertTrue(refusal.getMessage().contains("lower the limit"), refusal.getMessage());
        assertNothingIn(small);
        PageStore.open(config.overcommit().build()).close();
    }

    @Test
    void whatIsInUseBySomebodyElseIsNotRemoved() throws IOException {
        Daemons.store(Daemons.withFile(directory, file), FEW, 0);
        long identity = Counters.read(state.resolve("test.counters")).identity();
        Files.delete(state.resolve("test.map"));
        try (MappedFile counters = MappedFile.at(state.resolve("test.counters"), Counters.FILE_BYTES)) {
            assertThrows(IOException.class, () -> PageStore.open(Daemons.withFile(directory, file)));
            assertEquals(identity, Counters.read(counters.path()).identity());
        }
        assertFalse(Files.exists(state.resolve("test.map")));
        assertTrue(Files.exists(state.resolve("test.pool")));
        try (PageStore store = PageStore.open(Daemons.withFile(directory, file))) {
            assertFalse(store.isTakenOver());
            assertNotEquals(identity, store.counters().identity());
        }
    }

    @Test
    void aTakeoverThatIsRefusedRemovesNothing() throws IOException {
        StoreConfig config =
                Daemons.config(directory).limit(StoreConfig.NO_LIMIT).build();
        Daemons.store(config, FEW, 0);
        try (NativeFile pool = NativeFile.open(state.resolve("test.pool"), NativeFile.O_RDWR)) {
            assertTrue(pool.tryLock());
            assertThrows(IOException.class, () -> PageStore.open(config));
        }
        assertEquals(new Daemons.Found(FEW, 0, 0), Daemons.load(config, FEW, 0));
    }

    @Test
    void allIsClosedThoughAPartCannotBe() throws IOException {
        UnclosableDevice device = new UnclosableDevice(FILE_BYTES);
        StoreConfig config = Daemons.withFile(directory, file);
        PageStore store = PageStore.open(config, StoreFiles.open(config, device::open));
        assertThrows(IllegalStateException.class, store::close);
        PageStore.open(config).close();
    }

    @Test
    void whatWasOpenedForAStartThatFailsIsAsBefore() throws IOException {
        Path empty = Files.createFile(directory.resolve("empty"));
        IOException failure = new IOException("another export cannot be opened");
        for (Path path : List.of(file, empty)) {
            PageStore.open(Daemons.withFile(directory, path)).abandon(failure);
            assertNothingIn(state);
        }
        assertEquals(0, failure.getSuppressed().length);
        assertFalse(Files.exists(file));
        assertEquals(0, Files.size(empty));
    }

    @Test
    void whatWasTakenOverForAStartThatFailsStays() throws IOException {
        StoreConfig config = Daemons.withFile(directory, file);
        Daemons.store(config, Daemons.SLOTS, 0);
        PageStore.open(config).abandon(new IOException("another export cannot be opened"));
        assertEquals(new Daemons.Found(Daemons.SLOTS, 0, 0), Daemons.load(config, Daemons.SLOTS, 0));
    }

    /** A file of before, which holds nothing that anybody needs, but is reserved. */
    @Test
    void aFileThatWasThereIsNotRemoved() throws IOException {
        StoreConfig config = new TestConfig(Daemons.SLOTS)
                .overcommit()
                .backing(file, FILE_BYTES)
                .build();
        PageStore.open(config).close();
        long bytes = Files.size(file);
        PageStore.open(config).abandon(new IOException("another export cannot be opened"));
        assertEquals(bytes, Files.size(file));
    }

    /** Of another length than it would get, and not of holes alone. */
    @Test
    void aSparseFileThatWasThereTakesNoMoreRoomThanBefore() throws IOException {
        try (NativeFile sparse = NativeFile.open(file, NativeFile.O_RDWR | NativeFile.O_CREAT)) {
            Files.write(file, new byte[100_000]);
            for (long bytes : new long[] {FILE_BYTES / 2, 2 * FILE_BYTES}) {
                sparse.truncate(bytes);
                long before = sparse.allocated();
                PageStore.open(Daemons.withFile(directory, file))
                        .abandon(new IOException("another export cannot be opened"));
                assertEquals(bytes, sparse.size());
                assertEquals(before, sparse.allocated());
            }
        }
    }

    /** The backing file is open by then. */
    @Test
    void itsBackingFileIsGoneIfThereIsNoMemoryAhead() throws IOException, InterruptedException {
        StoreConfig config =
                withMemoryAhead(tmpfs.mount(12 << 20)).backing(file, FILE_BYTES).build();
        assertThrows(IOException.class, () -> PageStore.open(config));
        assertFalse(Files.exists(file));
    }

    private static TestConfig withMemoryAhead(Path directory) {
        return new TestConfig(1 << 20).overcommit().ahead(16 << 20).stateDirectory(directory);
    }

    private static void assertNothingIn(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            assertEquals(0, files.count());
        }
    }
}
