// successor PID COMMAND...: waits until process PID has ended, then becomes COMMAND. It stands in for what starts the
// next daemon: when the kernel's swap is gone, nothing may be needed that could be swapped out or wait for swap. So it is
// there beforehand, locked in memory, and what it becomes is an I/O flusher, which the OOM killer spares.
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57
#endif

static int fail(const char *what) {
    perror(what);
    return 2;
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: successor PID COMMAND...\n");
        return 2;
    }
    int process = (int) syscall(SYS_pidfd_open, atoi(argv[1]), 0);
    int score = open("/proc/self/oom_score_adj", O_WRONLY);
    if (process < 0 || score < 0 || write(score, "-1000", 5) != 5) {
        return fail("successor");
    }
    close(score);
    if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0 || prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0) != 0) {
        return fail("successor");
    }
    struct pollfd end = {process, POLLIN, 0};
    while (poll(&end, 1, -1) != 1) {
    }
    close(process);
    execvp(argv[2], argv + 2);
    return fail(argv[2]);
}
