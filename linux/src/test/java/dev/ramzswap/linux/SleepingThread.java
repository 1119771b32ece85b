package dev.ramzswap.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A thread of this process that sleeps as one does that waits for a disk: by vfork(2), until its child executes a
 * program, which has to open a FIFO before. Of one of a disk it differs in that SIGKILL ends it.
 */
public final class SleepingThread {
    private static final long FILE_ACTIONS_BYTES = 256; // spawn.h: 80
    private static final MethodHandle INIT =
            NativeCall.plain("posix_spawn_file_actions_init", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    private static final MethodHandle ADD_CLOSE =
            NativeCall.plain("posix_spawn_file_actions_addclose", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle ADD_OPEN = NativeCall.plain(
            "posix_spawn_file_actions_addopen",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
    private static final MethodHandle SPAWN = NativeCall.plain(
            "posix_spawn", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS));

    private static final Duration MOMENT = Duration.ofMillis(50);

    private SleepingThread() {}

    /** Returns when it sleeps, until {@link #wake}. */
    public static Thread start(Path fifo) throws IOException, InterruptedException {
        if (new ProcessBuilder("mkfifo", fifo.toString()).inheritIO().start().waitFor() != 0) {
            throw new IOException("no FIFO can be made");
        }
        Thread thread = Thread.ofPlatform().daemon().start(() -> spawn(fifo));
        DiskSleep sleep = new DiskSleep();
        while (sleep.awaitAwake(MOMENT)) {
            Thread.sleep(MOMENT);
        }
        return thread;
    }

    /** By whoever has the path. */
    public static void wake(Path fifo) throws IOException {
        new RandomAccessFile(fifo.toFile(), "rw").close();
    }

    private static void spawn(Path fifo) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment actions = arena.allocate(FILE_ACTIONS_BYTES, Long.BYTES);
            MemorySegment program = arena.allocateFrom("/bin/true");
            MemorySegment arguments = arena.allocate(ADDRESS, 2);
            arguments.set(ADDRESS, 0, program);
            int result = (int) INIT.invokeExact(actions);
            // The child outlives this process if need be, and nobody is to wait for its words.
            result |= (int) ADD_CLOSE.invokeExact(actions, 1);
            result |= (int) ADD_CLOSE.invokeExact(actions, 2);
            result |=
                    (int) ADD_OPEN.invokeExact(actions, 0, arena.allocateFrom(fifo.toString()), NativeFile.O_RDONLY, 0);
            result |= (int) SPAWN.invokeExact(
                    arena.allocate(JAVA_INT), program, actions, MemorySegment.NULL, arguments, MemorySegment.NULL);
            if (result != 0) {
                throw new AssertionError("cannot spawn: " + result);
            }
        } catch (Throwable e) {
            throw NativeCall.impossible(e);
        }
    }
}
