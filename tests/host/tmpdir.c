/* SPDX-License-Identifier: Apache-2.0 */
/* tmpdir.c - a folder of its own for each test. */
#include "tmpdir.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void tmpdir_make(char out[64])
{
    const char *base = getenv("TMPDIR");

    if (!base || strlen(base) > 40)
        base = "/tmp";
    snprintf(out, 64, "%s/fairlead.XXXXXX", base);
    if (!mkdtemp(out)) {
        perror(out);
        abort();
    }
}
static int is_entry(const struct dirent *e)
{
    return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}
int tmpdir_count(const char *path)
{
    struct dirent **all;
    int n = scandir(path, &all, is_entry, NULL);

    for (int i = 0; i < n; i++)
        free(all[i]);
    if (n >= 0)
        free(all);
    return n;
}
void tmpdir_remove(const char *path)
{
    struct dirent **all;
    int n;

    (void)chmod(path, 0700);
    n = scandir(path, &all, is_entry, NULL);
    for (int i = 0; i < n; i++) {
        char *child = NULL;
        if (asprintf(&child, "%s/%s", path, all[i]->d_name) > 0 && unlink(child) != 0)
            tmpdir_remove(child);
        free(child);
        free(all[i]);
    }
    if (n >= 0)
        free(all);
    (void)rmdir(path);
}
