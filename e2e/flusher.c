// flusher COMMAND...: becomes COMMAND, as an I/O flusher that the OOM killer spares: what a server must be that the kernel
// swaps to, and that "nbdkit --swap" does not make of itself.
#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57
#endif

static int fail(const char *what) {
    perror(what);
    return 2;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: flusher COMMAND...\n");
        return 2;
    }
    int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (score < 0 || write(score, "-1000", 5) != 5 || prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0) != 0) {
        return fail("flusher");
    }
    execvp(argv[1], argv + 1);
    return fail(argv[1]);
}
