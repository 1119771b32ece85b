package dev.ramzswap.linux;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/**
 * Which threads of this process sleep where no signal reaches them, as those do that wait for a disk: state D of
 * proc_pid_status(5). A process ends with its last thread, whatever ends it: as long as one of them sleeps so, nobody
 * else has its locks, and its connections stay open with nobody behind them. A kill ends some such sleeps
 * (TASK_KILLABLE, as of a wait for an NFS server), which nobody can tell from the others.
 */
public final class DiskSleep {
    private static final long LOOK_NANOS = 10_000_000;
    private static final long LONGEST_LOOK_NANOS = 200_000_000;

    /** Who waits for a disk wakes once in half of hung_task_timeout_secs, and goes on to sleep (blk_io_schedule). */
    private static final int ROUNDS = 2;

    private static final String ASLEEP = "State:\tD";
    private static final String SWITCHES = "voluntary_ctxt_switches:";

    private final Path tasks;

    public DiskSleep() {
        this(Path.of("/proc/self/task"));
    }

    /** @param tasks has a directory for each thread; or is made up */
    DiskSleep(Path tasks) {
        this.tasks = tasks;
    }

    /** @param switches tells this sleep from another one of the thread, as each begins with one */
    private record Sleep(String thread, String switches) {}

    /**
     * Waits until all have been awake that sleep now, and all that sleep then: for a disk that works many may wait, but
     * none for long.
     *
     * @return whether they have, in so much time
     */
    public boolean awaitAwake(Duration time) {
        long end = System.nanoTime() + time.toNanos();
        boolean isAwake = true;
        for (int round = 0; isAwake && round < ROUNDS; round++) {
            isAwake = haveWoken(now(), end);
        }
        return isAwake;
    }

    private boolean haveWoken(Set<Sleep> left, long end) {
        long pause = LOOK_NANOS;
        while (!left.isEmpty() && System.nanoTime() - end < 0) {
            LockSupport.parkNanos(pause);
            pause = Math.min(2 * pause, LONGEST_LOOK_NANOS);
            left.retainAll(now());
        }
        return left.isEmpty();
    }

    private Set<Sleep> now() {
        Set<Sleep> found = new HashSet<>();
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(tasks)) {
            for (Path thread : threads) {
                addSleep(thread, found);
            }
        } catch (IOException e) {
            // Nobody waits for what cannot be seen.
        }
        return found;
    }

    private static void addSleep(Path thread, Set<Sleep> found) {
        boolean isAsleep = false;
        String switches = "";
        try {
            for (String line : Files.readAllLines(thread.resolve("status"), ISO_8859_1)) {
                isAsleep |= line.startsWith(ASLEEP);
                switches = line.startsWith(SWITCHES) ? line : switches;
            }
        } catch (IOException e) {
            return; // It has ended.
        }
        if (isAsleep) {
            found.add(new Sleep(thread.getFileName().toString(), switches));
        }
    }
}
