/* SPDX-License-Identifier: Apache-2.0 */
/* folder.h - opening folders without going through anybody else's symbolic links. */
#ifndef FILE_FOLDER_H
#define FILE_FOLDER_H

#include <dirent.h>
#include <stdbool.h>

/*
 * Opens an absolute path. Symbolic links on the way are followed when root or we ourselves own them. With
 * `make`, parts that are missing are made (0755) and durable. Descriptor, or a negative errno: -EPERM stands
 * for a symbolic link of somebody else.
 */
int folder_open(const char *path, bool make);
/* `name` in the folder `dir`, no link, ours or root's; made (0755, durable) if `make`. -EPERM: it is not. */
int folder_below(int dir, const char *name, bool make);
/* What is in it, from the beginning; closedir() it. NULL: errno. `dir` stays open. */
DIR *folder_list(int dir);

#endif
