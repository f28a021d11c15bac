/* SPDX-License-Identifier: Apache-2.0 */
/* limits.c - around every target: at most a second and 64 MiB for one input; and, without libFuzzer, main(), which
 * runs the target over the files and folders of its arguments. */
#include "fuzz.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { MOST_MS = 1000, MOST_BYTES = 64 * 1024 * 1024, INPUT_MAX = 1024 * 1024 };

/* The sanitizers' run-time has them; without it memory is not counted. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));
int __sanitizer_install_malloc_and_free_hooks(void (*made)(const volatile void *, size_t),
                                              void (*freed)(const volatile void *)) __attribute__((weak));

/* Asked after every allocation: what is allocated at the end of a run says nothing of its peak. */
static size_t base_bytes;

/* Of the processor: a busy machine is not the input's fault. What only waits is ended by libFuzzer's -timeout. */
static int64_t spent_ms(void)
{
    struct timespec t = { 0 };

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void made(const volatile void *at, size_t size)
{
    (void)at;
    (void)size;
    if (base_bytes && __sanitizer_get_current_allocated_bytes() > base_bytes + MOST_BYTES) {
        base_bytes = 0;
        fputs("fuzz: over 64 MiB for one input\n", stderr);
        abort();
    }
}

static void freed(const volatile void *at) { (void)at; }

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    if (__sanitizer_install_malloc_and_free_hooks)
        __sanitizer_install_malloc_and_free_hooks(made, freed);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t start_ms = spent_ms();

    base_bytes = __sanitizer_get_current_allocated_bytes ? __sanitizer_get_current_allocated_bytes() : 0;
    fuzz_one(data, size);
    base_bytes = 0;
    if (spent_ms() - start_ms > MOST_MS) {
        fputs("fuzz: over a second for one input\n", stderr);
        abort();
    }
    return 0;
}

char *fuzz_part(const uint8_t **data, size_t *size, size_t *len_out)
{
    const uint8_t *end = memchr(*data, 0xFF, *size);
    size_t len = end ? (size_t)(end - *data) : *size;
    char *part = malloc(len + 1);

    if (!part)
        abort();
    memcpy(part, *data, len);
    part[len] = '\0';
    *data += len + (end ? 1 : 0);
    *size -= len + (end ? 1 : 0);
    if (len_out)
        *len_out = len;
    return part;
}

#ifndef FL_FUZZER
static unsigned runs;

static bool run_file(const char *path)
{
    FILE *f = fopen(path, "rbe");
    uint8_t *data = malloc(INPUT_MAX);
    size_t size = f && data ? fread(data, 1, INPUT_MAX, f) : 0;
    bool ok = f && data && !ferror(f);
    /* Of its very size, so that a read behind it is seen. */
    uint8_t *exact = malloc(size ? size : 1);

    if (ok && exact) {
        memcpy(exact, data, size);
        LLVMFuzzerTestOneInput(exact, size);
        runs++;
    } else {
        perror(path);
    }
    free(exact);
    free(data);
    if (f)
        fclose(f);
    return ok;
}

static bool run_path(const char *path)
{
    struct stat st;
    struct dirent **names = NULL;
    bool ok = true;

    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return run_file(path);
    int n = scandir(path, &names, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char file[4096];
        snprintf(file, sizeof file, "%s/%s", path, names[i]->d_name);
        if (names[i]->d_name[0] != '.')
            ok = run_path(file) && ok;
        free(names[i]);
    }
    free(names);
    return ok;
}

int main(int argc, char **argv)
{
    bool ok = true;

    LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++)
        ok = run_path(argv[i]) && ok;
    printf("%u inputs\n", runs);
    return ok && runs ? 0 : 1;
}
#endif
