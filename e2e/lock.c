// Preloaded into the guest's PID 1, whose pages must not be swapped: one that cannot be read back is a panic.
#define _GNU_SOURCE
#include <sys/mman.h>

__attribute__((constructor)) static void lock(void) {
    mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
}
