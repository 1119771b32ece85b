// watchdog SECONDS: after that time, shows where all threads wait and ends the machine. Locked in memory and of real-time
// priority, so that it still runs in a guest that waits for its own swap.
//
// A child prints the kernel stacks in /proc, which may need memory and hang, then the parent asks the kernel itself
// (sysrq m, w, t), which may crash (in User-Mode Linux 6.1, at the first kworker), and reboots (sysrq b).
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CHILD_SECONDS = 5 };

static void print_file(const char *path) {
    char text[4096];
    int file = open(path, O_RDONLY);
    ssize_t length = file < 0 ? 0 : read(file, text, sizeof text);
    if (length > 0 && write(STDOUT_FILENO, text, (size_t) length) < 0) {
        _exit(1);
    }
    close(file);
}

static void print_thread(const char *process, const char *thread) {
    char path[300];
    printf("WATCHDOG process %s thread %s: ", process, thread);
    fflush(stdout);
    snprintf(path, sizeof path, "/proc/%s/task/%s/comm", process, thread);
    print_file(path);
    snprintf(path, sizeof path, "/proc/%s/task/%s/stack", process, thread);
    print_file(path);
}

static void print_process(const char *process) {
    char path[300];
    snprintf(path, sizeof path, "/proc/%s/task", process);
    DIR *threads = opendir(path);
    for (struct dirent *thread; threads != NULL && (thread = readdir(threads)) != NULL;) {
        if (thread->d_name[0] != '.') {
            print_thread(process, thread->d_name);
        }
    }
    if (threads != NULL) {
        closedir(threads);
    }
}

static void print_processes(void) {
    DIR *processes = opendir("/proc");
    for (struct dirent *process; processes != NULL && (process = readdir(processes)) != NULL;) {
        if (strspn(process->d_name, "0123456789") == strlen(process->d_name)) {
            print_process(process->d_name);
        }
    }
}

static int guard(void) {
    struct sched_param highest = {.sched_priority = sched_get_priority_max(SCHED_FIFO)};
    return mlockall(MCL_CURRENT | MCL_FUTURE) == 0 && sched_setscheduler(0, SCHED_FIFO, &highest) == 0;
}

int main(int argc, char **argv) {
    unsigned seconds = argc == 2 ? (unsigned) atoi(argv[1]) : 0;
    int sysrq = open("/proc/sysrq-trigger", O_WRONLY);
    int child = fork();
    if (seconds == 0 || sysrq < 0 || child < 0 || !guard()) {
        perror("watchdog");
        return 2;
    }
    sleep(seconds);
    if (child == 0) {
        print_processes();
        return 0;
    }
    static const char message[] = "WATCHDOG the guest's time is up\n";
    static const char keys[] = "9mwtb";
    if (write(STDOUT_FILENO, message, sizeof message - 1) < 0) {
        return 1;
    }
    sleep(CHILD_SECONDS);
    for (const char *key = keys; *key != 0; key++) {
        if (write(sysrq, key, 1) != 1) {
            return 1;
        }
    }
    pause();
}
