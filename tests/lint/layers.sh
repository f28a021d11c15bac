#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# layers.sh - who may include what: the table of docs/design.md, section 2.
# shellcheck source=tests/lint/lib.sh
. "$(dirname "$0")/lib.sh"

# A folder may include itself and these; main.c is a folder of its own here.
layers='
base:
net: base
crypto: base
conf: base
acme: base net crypto conf
kube: base net crypto conf
model: base net crypto conf
plugin: base net crypto conf kube
store: base net crypto conf kube model
zone: base net crypto conf kube model plugin store
engine: base net crypto conf kube model plugin store zone acme
proc: base net crypto conf kube model plugin store zone acme engine
ctl: base net crypto conf kube model plugin store zone acme engine proc
main: base net crypto conf kube model plugin store zone acme engine proc ctl
'
# A third-party header and the only places that may include it.
libraries='
curl/: core/net/http
openssl/: core/crypto/
libconfig.h: core/conf/
dlfcn.h: core/plugin/
link.h: core/plugin/
ldns/: core/net/dns/ plugins/
microhttpd.h: core/net/
idn2.h: core/conf/
libpsl.h: core/zone/
jansson.h: core/base/json.h core/include/fl/json.h
systemd/: core/proc/
pthread.h: core/
threads.h:
semaphore.h: core/
stdatomic.h: core/
'
# What libc and the kernel bring and everybody may include.
libc='
arpa assert.h byteswap.h ctype.h dirent.h endian.h err.h errno.h fcntl.h fnmatch.h getopt.h glob.h grp.h
ifaddrs.h inttypes.h libgen.h limits.h linux locale.h math.h net netdb.h netinet poll.h pwd.h regex.h sched.h search.h
setjmp.h signal.h spawn.h stdalign.h stdarg.h stdbool.h stddef.h stdint.h stdio.h stdlib.h stdnoreturn.h
string.h strings.h sys syslog.h termios.h time.h ucontext.h unistd.h wchar.h wctype.h
'

csources | grep -E '^(core|plugins)/' | xargs -r grep -nHE '^[[:space:]]*#[[:space:]]*include\>' |
    sed -E 's/^([^:]*):([0-9]+):[[:space:]]*#[[:space:]]*include[[:space:]]*/\1 \2 /' |
    awk -v layers="$layers" -v libraries="$libraries" -v libc="$libc" '
    function bad(what) { printf "%s:%d: include: %s %s\n", $1, $2, $3, what }
    function readable(path, text, got) {
        got = (getline text < path) >= 0
        close(path)
        return got
    }
    function allowed(places, from, n, i, place) {
        n = split(places, place, " ")
        for (i = 1; i <= n; i++)
            if (index(from, place[i]) == 1)
                return 1
        return 0
    }
    # <curl/curl.h> is looked up as curl/, <jansson.h> under its own name.
    function system_header(from, name, key) {
        key = name
        if (sub(/\/.*$/, "/", key) && key == "fl/")
            return readable("core/include/" name) ? "" : "does not exist below core/include"
        if (key in places)
            return allowed(places[key], from) ? "" : "is for " (places[key] ? places[key] : "nobody") \
                " only (design 2)"
        sub(/\/$/, "", key)
        if (key in common)
            return ""
        return "is in no list: a library belongs to one folder; name both in tests/lint/layers.sh"
    }
    function core_header(from, name, own, to) {
        if (from ~ /^core\/include\//)
            return "is internal: public headers include <fl/...> only"
        if (index(name, "/") == 0)
            return "needs its folder: write the path from core/"
        own = from
        sub(/^core\//, "", own)
        sub(/[\/.].*$/, "", own)
        to = name
        sub(/\/.*$/, "", to)
        if (!(own in may))
            return "is included from a folder that the table does not know"
        if (!readable("core/" name))
            return "does not exist below core/"
        if (own != to && index(may[own], " " to " ") == 0)
            return "breaks the layers: " own " may include" (may[own] == "  " ? " only itself" : may[own]) "(design 2)"
        return ""
    }
    function plugin_header(from, name, folder) {
        folder = from
        sub(/\/[^\/]*$/, "/", folder)
        if (name ~ /^\.\.\/\.\.\/common\/[a-z_]+\.h$/ && readable("plugins/common/" substr(name, 14)))
            return ""
        if (index(name, "..") > 0 || !readable(folder name))
            return "is not in the folder of the plugin: plugins include <fl/...> and their own files only"
        return ""
    }
    BEGIN {
        n = split(layers, rows, "\n")
        for (i = 1; i <= n; i++)
            if (split(rows[i], part, ": ?") == 2)
                may[part[1]] = " " part[2] " "
        n = split(libraries, rows, "\n")
        for (i = 1; i <= n; i++)
            if (split(rows[i], part, ":") == 2) {
                sub(/^ */, "", part[2])
                places[part[1]] = part[2]
            }
        n = split(libc, rows, /[ \n]+/)
        for (i = 1; i <= n; i++)
            common[rows[i]] = 1
    }
    {
        name = substr($3, 2, length($3) - 2)
        if ($3 ~ /^</)
            what = system_header($1, name)
        else if ($3 !~ /^"/)
            what = "is a macro: write the name"
        else if ($1 ~ /^core\//)
            what = core_header($1, name)
        else
            what = plugin_header($1, name)
        if (what != "")
            bad(what)
    }' >"$findings"
verdict
