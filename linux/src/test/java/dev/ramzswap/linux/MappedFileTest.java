package dev.ramzswap.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MappedFileTest {
    private static final long BYTES = 1 << 20;

    @TempDir
    Path dir;

    @Test
    void keepsContentFromOneOpeningToTheNext() throws IOException {
        Path path = dir.resolve("state");
        try (MappedFile file = MappedFile.at(path, BYTES)) {
            assertTrue(file.created());
            assertEquals(BYTES, file.memory().byteSize());
            assertEquals(path.toRealPath(), file.path());
            file.memory().set(JAVA_LONG, BYTES - 8, 42);
        }
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
        try (MappedFile file = MappedFile.at(path, BYTES)) {
            assertFalse(file.created());
            assertEquals(42, file.memory().get(JAVA_LONG, BYTES - 8));
        }
    }

    @Test
    void isLeftOutOfCoreDumps() throws IOException {
        try (MappedFile _ = MappedFile.at(dir.resolve("state"), BYTES)) {
            String maps = Files.readString(Path.of("/proc/self/smaps"));
            String own = maps.substring(maps.indexOf(dir.resolve("state").toString()));
            String flags = own.lines()
                    .filter(line -> line.startsWith("VmFlags:"))
                    .findFirst()
                    .orElseThrow();
            assertTrue(flags.contains(" dd"), flags);
        }
    }

    @Test
    void takesAnEmptyFileForNone() throws IOException {
        Path path = Files.createFile(dir.resolve("state"));
        try (MappedFile file = MappedFile.at(path, BYTES)) {
            assertTrue(file.created());
        }
    }

    @Test
    void refusesAFileOfAnotherSize() throws IOException {
        Path path = Files.write(dir.resolve("state"), new byte[10]);
        IOException e = assertThrows(IOException.class, () -> MappedFile.at(path, BYTES));
        assertEquals(path + " has 10 bytes, not 1048576: it was made for another size; remove it", e.getMessage());
        assertEquals(10, Files.size(path));
    }

    @Test
    void refusesAFileThatIsMappedAlready() throws IOException {
        Path path = dir.resolve("state");
        MappedFile first = MappedFile.at(path, BYTES);
        IOException e = assertThrows(IOException.class, () -> MappedFile.at(path, BYTES));
        assertTrue(e.getMessage().contains("in use by another process"), e.getMessage());
        first.close();
        MappedFile.at(path, BYTES).close();
    }

    /** Review of 27 November, 1.12: what was locked lay at no path any more, and nobody would have found it again. */
    @Test
    void refusesTheFileThatAnotherHasMadeAndLockedMeanwhile() throws Exception {
        Path path = dir.resolve("state");
        NativeFile first = lockedAt(path);
        FutureTask<MappedFile> opening = inAThread(() -> MappedFile.at(path, BYTES));
        awaitOpen(path, 2);
        try (NativeFile _ = replace(path)) {
            first.close();
            ExecutionException e = assertThrows(ExecutionException.class, opening::get);
            assertTrue(e.getCause().getMessage().contains("in use by another process"), e::toString);
        }
    }

    @Test
    void whoWaitsForALockWaitsForThatOfTheFileAtThePath() throws Exception {
        Path path = dir.resolve("state");
        NativeFile first = lockedAt(path);
        AtomicInteger waits = new AtomicInteger();
        FutureTask<Void> waiting = inAThread(() -> {
            MappedFile.awaitFree(path, waits::incrementAndGet);
            return null;
        });
        while (waits.get() == 0) {
            Thread.onSpinWait();
        }
        NativeFile second = replace(path);
        first.close();
        while (!waiting.isDone() && timesOpen(path) < 2) {
            Thread.onSpinWait();
        }
        assertFalse(waiting.isDone(), "another process has what is at the path");
        second.close();
        waiting.get();
        assertEquals(1, waits.get(), "said once");
    }

    @Test
    void whoWaitsForALockGetsThatOfAFileThatIsRemoved() throws Exception {
        Path path = dir.resolve("state");
        NativeFile first = lockedAt(path);
        FutureTask<NativeFile> waiting = inAThread(() -> LockedFiles.await(path, () -> {}));
        awaitOpen(path, 2);
        Files.delete(path);
        first.close();
        try (NativeFile file = waiting.get()) {
            assertTrue(file.isAt(path), "made anew");
            Files.delete(path);
            assertFalse(file.isAt(path));
        }
    }

    private static NativeFile lockedAt(Path path) throws IOException {
        NativeFile file = NativeFile.open(path, NativeFile.O_RDWR | NativeFile.O_CREAT);
        assertTrue(file.tryLock());
        return file;
    }

    /** Puts another file in the place of one, and locks it. */
    private static NativeFile replace(Path path) throws IOException {
        Files.delete(path);
        return lockedAt(path);
    }

    private static <T> FutureTask<T> inAThread(Callable<T> task) {
        FutureTask<T> future = new FutureTask<>(task);
        Thread.ofPlatform().daemon().start(future);
        return future;
    }

    private static void awaitOpen(Path path, int times) throws IOException {
        while (timesOpen(path) < times) {
            Thread.onSpinWait();
        }
    }

    /** How often this process has open what is at a path now. */
    private static int timesOpen(Path path) throws IOException {
        int times = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path file : files) {
                times += isSameFile(file, path) ? 1 : 0;
            }
        }
        return times;
    }

    private static boolean isSameFile(Path file, Path path) throws IOException {
        try {
            return Files.isSameFile(file, path);
        } catch (NoSuchFileException e) {
            return false; // Closed meanwhile, like that of the directory itself.
        }
    }

    @Test
    void namesCallPathAndErrorWhenTheSystemRefuses() {
        Path path = dir.resolve("missing/state");
        ErrnoException e = assertThrows(ErrnoException.class, () -> MappedFile.at(path, BYTES));
        assertEquals(Errno.ENOENT, e.errno());
        assertEquals("open " + path + ": No such file or directory, ENOENT (2)", e.getMessage());
    }

    @Test
    void aMemoryFileCanBeReadByPath() throws IOException {
        try (MappedFile file = MappedFile.inMemory("test", BYTES)) {
            assertTrue(file.created());
            file.memory().set(JAVA_BYTE, 5000, (byte) 7);
            assertTrue(file.path().startsWith("/proc/" + ProcessHandle.current().pid()), file.path()::toString);
            byte[] content = Files.readAllBytes(file.path());
            assertEquals(BYTES, content.length);
            assertEquals(7, content[5000]);
        }
    }

    @Test
    void populatesWithoutChangingContent() throws IOException, InterruptedException {
        try (MappedFile file = MappedFile.inMemory("test", BYTES)) {
            file.memory().set(JAVA_LONG, 4096, 42);
            assertEquals(8, blocks(file));
            file.populate(0, BYTES / 2);
            assertEquals(BYTES / 2 / 512, blocks(file));
            assertEquals(42, file.memory().get(JAVA_LONG, 4096));
            assertEquals(0, file.memory().get(JAVA_LONG, 8192));
        }
    }

    @Test
    void touchingPopulatesLikeTheKernel() throws IOException, InterruptedException {
        try (MappedFile file = MappedFile.inMemory("test", BYTES)) {
            file.memory().set(JAVA_LONG, 4096, 42);
            file.touch(0, BYTES / 2);
            assertEquals(BYTES / 2 / 512, blocks(file));
            assertEquals(42, file.memory().get(JAVA_LONG, 4096));
        }
    }

    @Test
    void releaseGivesMemoryBackAndLeavesZeroes() throws IOException, InterruptedException {
        try (MappedFile file = MappedFile.inMemory("test", BYTES)) {
            file.memory().fill((byte) 1);
            file.release(4096, BYTES / 2);
            assertEquals(BYTES / 2 / 512, blocks(file));
            assertEquals(1, file.memory().get(JAVA_BYTE, 4095));
            assertEquals(0, file.memory().get(JAVA_BYTE, 4096));
            assertEquals(0, file.memory().get(JAVA_BYTE, 4095 + BYTES / 2));
            assertEquals(1, file.memory().get(JAVA_BYTE, 4096 + BYTES / 2));
        }
    }

    @Test
    void refusesRangesOutsideTheFile() throws IOException {
        try (MappedFile file = MappedFile.inMemory("test", BYTES)) {
            assertThrows(IndexOutOfBoundsException.class, () -> file.populate(BYTES, 4096));
            assertThrows(IOException.class, () -> file.release(-4096, 4096));
        }
    }

    /** Blocks of 512 bytes that the file takes, as stat(1) sees it. */
    private static long blocks(MappedFile file) throws IOException, InterruptedException {
        Process stat = new ProcessBuilder("stat", "-L", "-c", "%b", file.path().toString()).start();
        String output = new String(stat.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.US_ASCII);
        assertEquals(0, stat.waitFor());
        return Long.parseLong(output.trim());
    }

    /** Anybody may have put it into a directory such as /dev/shm. */
    @Test
    void aLinkIsNotFollowed() throws IOException {
        Path target = dir.resolve("target");
        Path link = Files.createSymbolicLink(dir.resolve("state"), target);
        assertThrows(IOException.class, () -> MappedFile.at(link, BYTES));
        assertFalse(Files.exists(target));
    }

    /** In a directory as /dev/shm is, the kernel may refuse to open it, to root too (fs.protected_regular). */
    @ParameterizedTest
    @ValueSource(ints = {0700, 01777})
    void theFileOfSomebodyElseIsRefused(int modeOfDirectory) throws IOException {
        Path path = Files.createFile(dir.resolve("state"));
        assumeTrue(Self.uid() == 0);
        Files.setAttribute(path, "unix:uid", 4711);
        Files.setAttribute(dir, "unix:mode", modeOfDirectory);
        var e = assertThrows(IOException.class, () -> MappedFile.at(path, BYTES));
        assertEquals(path + " belongs to user 4711: remove it, or use another directory", e.getMessage());
        assertEquals(0, Files.size(path));
    }
}
