// watchdog SECONDS: after that time, has the kernel print its memory, its blocked tasks and all tasks (sysrq m, w, t),
// and ends the machine (sysrq b). Locked in memory and of real-time priority, so that it still runs in a guest that
// waits for its own swap.
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv) {
    unsigned seconds = argc == 2 ? (unsigned) atoi(argv[1]) : 0;
    int sysrq = open("/proc/sysrq-trigger", O_WRONLY);
    struct sched_param highest = {.sched_priority = sched_get_priority_max(SCHED_FIFO)};
    if (seconds == 0 || sysrq < 0 || mlockall(MCL_CURRENT | MCL_FUTURE) != 0 ||
        sched_setscheduler(0, SCHED_FIFO, &highest) != 0) {
        perror("watchdog");
        return 2;
    }
    sleep(seconds);
    static const char message[] = "WATCHDOG the guest's time is up\n";
    static const char keys[] = "9mwtb";
    if (write(STDOUT_FILENO, message, sizeof message - 1) < 0) {
        return 1;
    }
    for (const char *key = keys; *key != 0; key++) {
        if (write(sysrq, key, 1) != 1) {
            return 1;
        }
    }
    pause();
}
