package dev.ramzswap.attach;

import dev.ramzswap.config.Size;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Whether a daemon can serve swap when memory is gone, seen from outside: no thread of it waits for pages to be
 * written, which only itself could take; none of its memory is swapped out; the OOM killer spares it.
 */
final class DaemonChecks {
    /** PF_MEMALLOC_NOIO and PF_LOCAL_THROTTLE of the kernel's sched.h, which PR_SET_IO_FLUSHER sets. */
    private static final long IO_FLUSHER = 0x180000;

    private static final String OOM_IMMUNE = "-1000";
    private static final String CURE = "serve it with --swap";

    private final KernelFiles files;

    DaemonChecks(KernelFiles files) {
        this.files = files;
    }

    /** @param export how to call it */
    List<Finding> of(String export, long pid) throws IOException {
        String process = "/proc/" + pid;
        String subject = "daemon of " + export;
        var found = new ArrayList<Finding>();
        long unflagged = unflaggedThreads(process);
        if (unflagged > 0) {
            found.add(Finding.problem(
                    subject, unflagged + " of its threads may wait for swap-out, that is, for themselves", CURE));
        }
        long resident = files.bytes(process + "/status", "VmRSS");
        long locked = files.bytes(process + "/status", "VmLck");
        if (locked < resident) {
            found.add(Finding.problem(
                    subject,
                    Size.format(locked) + " of its " + Size.format(resident)
                            + " are locked, the rest may be swapped out",
                    CURE));
        }
        long swapped = files.bytes(process + "/status", "VmSwap");
        if (swapped > 0) {
            found.add(Finding.problem(subject, Size.format(swapped) + " of it are swapped out", CURE));
        }
        String score = files.read(process + "/oom_score_adj");
        if (!score.equals(OOM_IMMUNE)) {
            found.add(Finding.problem(subject, "oom_score_adj is " + score + ": it may be killed for memory", CURE));
        }
        return found.isEmpty() ? List.of(Finding.ok(subject, "protected (pid " + pid + ")")) : found;
    }

    private long unflaggedThreads(String process) throws IOException {
        long count = 0;
        for (String thread : files.names(process + "/task")) {
            String stat = process + "/task/" + thread + "/stat";
            try {
                if ((flags(stat) & IO_FLUSHER) != IO_FLUSHER) {
                    count++;
                }
            } catch (IOException e) {
                if (files.exists(stat)) { // else the thread has ended since
                    throw e;
                }
            }
        }
        return count;
    }

    /** Field 9, counted from behind the command's name, which may hold anything. */
    private long flags(String stat) throws IOException {
        String text = files.read(stat);
        return Long.parseLong(text.substring(text.lastIndexOf(')') + 2).split(" ")[6]);
    }
}
