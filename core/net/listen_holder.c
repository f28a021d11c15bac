/* SPDX-License-Identifier: Apache-2.0 */
/* listen_holder.c - which program holds a port, as far as /proc tells us. */
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/listen_parts.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TCP_LISTENING = 0x0a, UDP_BOUND = 0x07 };

/* Inode of a socket on that port, from one of /proc/net/{tcp,tcp6,udp,udp6}; 0: none. */
static unsigned long find_inode(const char *table, unsigned state, uint16_t port)
{
    char line[512];
    unsigned long found = 0;
    FILE *f = fopen(table, "re");
    while (f && !found && fgets(line, sizeof line, f)) {
        unsigned its_port, its_state;
        unsigned long inode;
        if (sscanf(line, " %*[0-9]: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s %*s %*s %*s %lu", &its_port,
                   &its_state, &inode) == 3 &&
            its_port == port && its_state == state)
            found = inode;
    }
    if (f)
        fclose(f);
    return found;
}

static bool holds(int proc, const char *pid, const char *socket)
{
    char path[300], target[64];
    bool found = false;
    snprintf(path, sizeof path, "%s/fd", pid);
    int dir = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = dir >= 0 ? fdopendir(dir) : NULL;
    if (!d) {
        mem_closep(&dir);
        return false;
    }
    for (struct dirent *e = readdir(d); e && !found; e = readdir(d)) {
        ssize_t n = readlinkat(dirfd(d), e->d_name, target, sizeof target - 1);
        target[n > 0 ? n : 0] = '\0';
        found = strcmp(target, socket) == 0;
    }
    closedir(d);
    return found;
}

static void describe(int proc, const char *pid, char out[64])
{
    char path[300];
    auto_free char *name = NULL;
    size_t len;
    snprintf(path, sizeof path, "%s/comm", pid);
    if (file_read(proc, path, 64, &name, &len) == 0)
        name[strcspn(name, "\n")] = '\0';
    snprintf(out, 64, "%.32s (pid %.16s)", name ? name : "a program", pid);
}

bool listen_holder(int type, uint16_t port, char out[64])
{
    bool udp = type == SOCK_DGRAM, found = false;
    unsigned state = udp ? UDP_BOUND : TCP_LISTENING;
    unsigned long inode = find_inode(udp ? "/proc/net/udp" : "/proc/net/tcp", state, port);
    char socket[64];
    if (inode == 0)
        inode = find_inode(udp ? "/proc/net/udp6" : "/proc/net/tcp6", state, port);
    DIR *proc = inode ? opendir("/proc") : NULL;
    if (!proc)
        return false;
    snprintf(socket, sizeof socket, "socket:[%lu]", inode);
    for (struct dirent *e = readdir(proc); e && !found; e = readdir(proc)) {
        int64_t pid;
        found = text_int(e->d_name, 1, INT32_MAX, &pid) && holds(dirfd(proc), e->d_name, socket);
        if (found)
            describe(dirfd(proc), e->d_name, out);
    }
    closedir(proc);
    return found;
}
