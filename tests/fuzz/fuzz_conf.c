/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_conf.c - configuration files made of anything: the tree from memory, then everything that a model is made of. */
#include "base/file.h"
#include "base/mem.h"
#include "fuzz.h"
#include "model/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void as_tree(const char *text)
{
    struct diag *d = diag_new();
    struct conf_tree *t = conf_tree_text("fuzz", text, d);

    if (t && !t->root && !diag_errors(d))
        abort();
    conf_tree_free(t);
    diag_free(d);
}

/* Other files have no place in it: their contents are not the input's. */
static void as_model(const uint8_t *data, size_t size)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    char path[32];

    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct diag *d = diag_new();
    struct model *m = model_load(path, d);
    if (m && !diag_errors(d))
        for (size_t i = 0; i < m->ncertificates; i++)
            if (!m->certificates[i].names || !m->certificates[i].names[0])
                abort();
    model_free(m);
    diag_free(d);
    close(fd);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    const uint8_t *at = data;
    size_t left = size;
    auto_free char *text = fuzz_part(&at, &left, NULL);

    as_tree(text);
    if (!memmem(data, size, "include", 7) && !memmem(data, size, "file:", 5) &&
        !memmem(data, size, "env:", 4))
        as_model(data, size);
}
