// swapoff32: swapoff(2) of nothing, as a 32-bit program calls it: the kernel enters another function for that.
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

#define NR_SWAPOFF 115 // asm/unistd_32.h

int main(void) {
    char *path = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    if (path == MAP_FAILED) {
        perror("swapoff32");
        return 2;
    }
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(NR_SWAPOFF), "b"(path) : "memory", "r8", "r9", "r10", "r11");
    if (result != -ENOENT) {
        fprintf(stderr, "swapoff32: %ld\n", result);
        return 2;
    }
    return 0;
}
