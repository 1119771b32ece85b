package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.Thread.State;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ComingDeviceTest {
    private static final Path PATH = Path.of("/disk/file");
    private static final Duration PATIENT = Duration.ofMinutes(1);

    private final FaultyDevice disk = new FaultyDevice(1);
    private final MemorySegment memory = Arena.ofAuto().allocate(SEGMENT_BYTES, BlockDevice.ALIGNMENT);
    private final CountDownLatch answer = new CountDownLatch(1);

    private BlockDevice coming(Callable<BlockDevice> opening) throws IOException {
        return ComingDevice.open(
                PATH,
                () -> {
                    answer.await();
                    return opening.call();
                },
                Duration.ZERO);
    }

    /** Returns when whoever runs it waits. */
    private static <T> FutureTask<T> waiting(Callable<T> call) {
        FutureTask<T> task = new FutureTask<>(call);
        Thread thread = Thread.ofPlatform().daemon().start(task);
        while (thread.getState() != State.WAITING) {
            Thread.onSpinWait();
        }
        return task;
    }

    @Test
    void oneThatIsOpenAtOnceIsItself() throws IOException {
        assertSame(disk, ComingDevice.open(PATH, () -> disk, PATIENT));
    }

    @Test
    void oneThatCannotBeOpenedSaysSo() {
        IOException e = assertThrows(
                IOException.class,
                () -> ComingDevice.open(
                        PATH,
                        () -> {
                            throw new IllegalStateException("made up");
                        },
                        PATIENT));
        assertEquals(
                "backing file /disk/file cannot be opened: java.lang.IllegalStateException: made up", e.getMessage());
    }

    @Test
    void whoReadsOrWritesWaitsUntilItIsOpen() throws Exception {
        BlockDevice device = coming(() -> disk);
        assertTrue(device.isWritable());
        FutureTask<Integer> write = waiting(() -> device.write(memory, SEGMENT_BYTES, 0));
        FutureTask<Integer> read = waiting(() -> device.read(memory, 4096, 0));
        answer.countDown();
        assertEquals(SEGMENT_BYTES, write.get());
        assertEquals(4096, read.get());
        assertTrue(device.isWritable());
    }

    /** It has the lock of the device, which is free afterwards. */
    @Test
    void whoClosesItClosesWhatIsOpenedLater() throws Exception {
        BlockDevice device = coming(() -> disk);
        FutureTask<Void> close = waiting(() -> {
            device.close();
            return null;
        });
        assertFalse(disk.closed);
        answer.countDown();
        close.get();
        assertTrue(disk.closed);
    }

    @Test
    void oneOfWhichOnlyARestIsThereIsNotWrittenTo() throws Exception {
        BlockDevice device = coming(() -> new LostDevice(PATH));
        FutureTask<Integer> write = waiting(() -> device.write(memory, SEGMENT_BYTES, 0));
        answer.countDown();
        assertTrue(assertThrows(ExecutionException.class, write::get).getCause() instanceof IOException);
        assertFalse(device.isWritable());
        device.close();
    }

    @Test
    void oneThatCannotBeOpenedLaterFailsForAllWhoWait() throws Exception {
        BlockDevice device = coming(() -> {
            throw new OutOfMemoryError("made up");
        });
        FutureTask<Integer> read = waiting(() -> device.read(memory, 4096, 0));
        answer.countDown();
        assertTrue(assertThrows(ExecutionException.class, read::get).getCause() instanceof IOException);
        assertFalse(device.isWritable());
    }
}
