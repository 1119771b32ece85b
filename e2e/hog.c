// hog MB OPS: fills MB of memory with pages that only their verifier can predict, then verifies and rewrites OPS pages
// at random (0: until SIGTERM), then verifies them all. Of eight pages, seven compress to about 2/5 and one not at all;
// which ones changes with every rewrite. Exit status: 0 if all pages were intact, 1 if not, 2 if it could not start.
//
// Its last line: hog: pages P ops N bad B. A page that cannot be read at all (SIGBUS) is a bad one.
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE_BYTES = 4096, WORDS = PAGE_BYTES / 8, RANDOM_WORDS = WORDS * 3 / 8, PAGES_PER_MB = 256 };

static volatile sig_atomic_t stopped;
static sigjmp_buf unreadable;
static uint64_t expected[WORDS];

static uint64_t next(uint64_t *state) {
    uint64_t s = *state; // xorshift64*
    s ^= s >> 12;
    s ^= s << 25;
    s ^= s >> 27;
    *state = s;
    return s * 0x2545F4914F6CDD1DULL;
}

// What a page holds after its given rewrite.
static void generate(uint64_t page, uint32_t rewrite, uint64_t *words) {
    uint64_t state = ((page + 1) * 0x9E3779B97F4A7C15ULL) ^ ((uint64_t) (rewrite + 1) * 0xD1B54A32D192ED03ULL);
    int random_words = next(&state) % 8 == 0 ? WORDS : RANDOM_WORDS;
    for (int i = 0; i < random_words; i++) {
        words[i] = next(&state);
    }
    for (int i = random_words; i < WORDS; i++) {
        words[i] = words[0] + i % 4;
    }
}

static int intact(uint64_t page, uint32_t rewrite, const char *at) {
    generate(page, rewrite, expected);
    return sigsetjmp(unreadable, 1) == 0 && memcmp(expected, at, PAGE_BYTES) == 0;
}

static int overwrite(uint64_t page, uint32_t rewrite, char *at) {
    generate(page, rewrite, expected);
    return sigsetjmp(unreadable, 1) == 0 && memcpy(at, expected, PAGE_BYTES) == at;
}

static void on_sigbus(int signal) {
    (void) signal;
    siglongjmp(unreadable, 1);
}

static void on_sigterm(int signal) {
    (void) signal;
    stopped = 1;
}

int main(int argc, char **argv) {
    if (argc != 3 || atol(argv[1]) <= 0) {
        fprintf(stderr, "usage: hog MB OPS\n");
        return 2;
    }
    // What it runs by, judges by and speaks by must not be swapped itself: it may be what cannot be read.
    static char output[BUFSIZ];
    setvbuf(stdout, output, _IOFBF, sizeof output);
    if (mlockall(MCL_CURRENT) != 0) {
        perror("hog: mlockall");
        return 2;
    }
    uint64_t pages = strtoull(argv[1], NULL, 10) * PAGES_PER_MB;
    uint64_t wanted = strtoull(argv[2], NULL, 10);
    char *memory = mmap(NULL, pages * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint32_t *rewrites = calloc(pages, sizeof *rewrites);
    if (memory == MAP_FAILED || rewrites == NULL) {
        perror("hog");
        return 2;
    }
    if (mlock(rewrites, pages * sizeof *rewrites) != 0) {
        perror("hog: mlock");
        return 2;
    }
    signal(SIGBUS, on_sigbus);
    signal(SIGTERM, on_sigterm);

    for (uint64_t page = 0; page < pages; page++) {
        overwrite(page, 0, memory + page * PAGE_BYTES);
    }
    printf("hog: filled\n");
    fflush(stdout);

    uint64_t ops = 0, bad = 0, dice = 88172645463325252ULL;
    for (; !stopped && (wanted == 0 || ops < wanted); ops++) {
        uint64_t page = next(&dice) % pages;
        char *at = memory + page * PAGE_BYTES;
        if (!intact(page, rewrites[page], at)) {
            bad++;
        } else if (next(&dice) % 2 == 0) {
            bad += !overwrite(page, ++rewrites[page], at);
        }
    }
    for (uint64_t page = 0; page < pages; page++) {
        bad += !intact(page, rewrites[page], memory + page * PAGE_BYTES);
    }
    printf("hog: pages %lu ops %lu bad %lu\n", (unsigned long) pages, (unsigned long) ops, (unsigned long) bad);
    return bad != 0;
}
