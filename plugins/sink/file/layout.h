/* SPDX-License-Identifier: Apache-2.0 */
/* layout.h - where a certificate's files stand, and how one version takes the place of another. */
#ifndef FILE_LAYOUT_H
#define FILE_LAYOUT_H

#include <fl/sink.h>

/*
 *     DIRECTORY/NAME                     symbolic link to the version in use, ".NAME.d/SERIAL-N"
 *     DIRECTORY/.NAME.d/SERIAL-N/        a version: all files of all lineages; never changed once it is in
 *     use
 *
 * A new version is written and fsynced beside the one in use, then one rename moves the link. Whoever opens
 * the folder NAME has one version as long as it is held open: those that went out of use stay for
 * LAYOUT_GRACE_MS. What is not as fairlead makes it (a folder or a file instead of the link, a link to
 * somewhere else, a `.NAME.d` that is a link or somebody else's) is neither followed nor replaced nor
 * removed: FL_ECONF with words.
 */
enum { LAYOUT_GRACE_MS = 10 * 60 * 1000, LAYOUT_VERSION = 112 };
struct layout {
    const char *directory, *name;
    int base, store;              /* DIRECTORY and .NAME.d; -1: not there */
    char current[LAYOUT_VERSION]; /* "SERIAL-N" of the version in use; "" : none */
};
#define auto_layout __attribute__((cleanup(layout_done))) struct layout
#define auto_fd __attribute__((cleanup(layout_close))) int

/* `make`: folders that are missing are made; else their absence is FL_OK with -1. */
int layout_open(struct fl_ctx *ctx, const char *directory, const char *name, bool make, struct layout *out);
void layout_done(struct layout *l);
/* A version's folder; -1 in *out: it is not there. */
int layout_version(struct fl_ctx *ctx, const struct layout *l, const char *version, int *out);
/* A new and empty version for that serial. */
int layout_begin(struct fl_ctx *ctx, const struct layout *l, const char *serial, char version[LAYOUT_VERSION],
                 int *fd_out);
void layout_drop(const struct layout *l, const char *version); /* one that came to nothing */
/* Its files are on disk: makes it the one in use, durably. */
int layout_switch(struct fl_ctx *ctx, struct layout *l, const char *version);
/* Removes versions that have been out of use for the grace; failures do not matter, the next one sweeps
 * too. */
void layout_sweep(struct fl_ctx *ctx, const struct layout *l);
/* Link and versions go, other people's files in them stay. */
int layout_remove(struct fl_ctx *ctx, struct layout *l);
void layout_close(const int *fd);
/* What to say when a call on DIRECTORY/WHAT failed with `error`, and which code that is. */
int layout_fail(struct fl_ctx *ctx, int error, const char *verb, const struct layout *l, const char *what);

#endif
