// console: starts a program every 0.1 s, as somebody does who types commands, and waits for it. On SIGTERM says how many
// milliseconds it took at the most from one's start to the next's. It is an ordinary process, which swap may hold up.
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t stopped;

static void on_sigterm(int signal) {
    (void) signal;
    stopped = 1;
}

static long millis(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// Whether a command ran to its end.
static int run(void) {
    int status;
    pid_t command = fork();
    if (command == 0) {
        execl("/bin/true", "true", (char *) NULL);
        _exit(1);
    }
    return command > 0 && waitpid(command, &status, 0) == command && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(void) {
    signal(SIGTERM, on_sigterm);
    long longest = 0;
    int commands = 0;
    for (long last = millis(); !stopped;) {
        int has_run = run();
        usleep(100000);
        long now = millis();
        longest = now - last > longest ? now - last : longest;
        if (has_run) {
            last = now;
            commands++;
        }
    }
    printf("console: commands %d longest %ld ms\n", commands, longest);
    return 0;
}
