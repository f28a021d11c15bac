#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# selftest.sh - each lint passes a small clean tree and fails on one with a single
# mistake, and says which line it is. A rule that cannot fail is not a rule.
# shellcheck disable=SC2016 # what stands in single quotes is the samples' text
# shellcheck source=tests/lint/lib.sh
. "$(dirname "$0")/lib.sh"
cc=${CC:-cc}
need "${cc%% *}" gcc
failed=0 ran=0
tree=$(mktemp -d) || exit 2
trap 'rm -rf "$findings" "$tree"' EXIT

# put FILE: standard input, below the sample tree.
put() {
    mkdir -p "$tree/$(dirname "$1")"
    cat >"$tree/$1"
}

# c FILE: standard input below the two lines that every C file begins with.
c() {
    {
        echo '/* SPDX-License-Identifier: Apache-2.0 */'
        echo "/* $(basename "$1") - a sample. */"
        cat
    } | put "$1"
}

# clean: a tree without findings.
clean() {
    rm -rf "${tree:?}"/*
    cp "$lintdir/../../.clang-format" "$tree/"
    c core/base/buf.h <<'EOF'
#ifndef BASE_BUF_H
#define BASE_BUF_H
int buf_len(const char *text);
#endif
EOF
    c core/base/buf.c <<'EOF'
#include "base/buf.h"
#include <string.h>

static const char *const words[] = { "goto", "strcpy(" };

int buf_len(const char *text) { return (int)strlen(text ? text : words[0]); }
EOF
    c core/include/fl/plugin.h <<'EOF'
#ifndef FL_PLUGIN_H
#define FL_PLUGIN_H
#define FL_EXPORT __attribute__((visibility("default")))
typedef int (*fl_each)(void *arg);
/* FL_EXPORT int fl_no(void); */
FL_EXPORT int fl_yes(void);
#endif
EOF
    c plugins/dns/x/x.c <<'EOF'
#include <fl/plugin.h>
FL_EXPORT extern const int fl_plugin_entry;
const int fl_plugin_entry = 1;
EOF
    c tests/unit/test_x.c <<'EOF'
int main(void) { return 0; }
EOF
    printf '# SPDX-License-Identifier: Apache-2.0\nS = %%D%%/buf.c %%D%%/buf.h\n' | put core/base/Makefile.inc
    printf '# SPDX-License-Identifier: Apache-2.0\nS = %%D%%/plugin.h\n' | put core/include/fl/Makefile.inc
    printf '# SPDX-License-Identifier: Apache-2.0\nS = %%D%%/x.c\n' | put plugins/dns/x/Makefile.inc
    printf '# SPDX-License-Identifier: Apache-2.0\nUNIT_TESTS += %%D%%/test_x\n' | put tests/unit/Makefile.inc
    printf '#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\necho "$1"\n' | put tests/x.sh
    put docs/x.8 <<'EOF'
.Dd November 1, 2026
.Dt X 8
.Os
.Sh NAME
.Nm x
.Nd a sample
.Sh DESCRIPTION
A sample.
EOF
}

# built: what make leaves behind, for exports.sh: a "daemon" and a plugin.
built() {
    printf '{\n  global:\n    fl_yes;\n  local: *;\n};\n' | put core/exports.map
    c host.c <<'EOF'
int fl_yes(void);
int fl_yes(void) { return 0; }
EOF
    mkdir -p "$tree/plugdir/dns"
    # shellcheck disable=SC2086 # CC may be a command with options
    $cc -shared -fPIC -o "$tree/fairlead" "$tree/host.c" &&
        $cc -shared -fPIC -o "$tree/plugdir/dns/x.so" -I"$tree/core/include" "$tree/plugins/dns/x/x.c"
}

# run LINT: its status is returned, its words are in $findings.
run() {
    ran=$((ran + 1))
    sh "$lintdir/$1.sh" "$tree" "$tree" >"$findings" 2>&1
}

wrong() {
    echo "$1.sh: $2"
    sed 's/^/    /' "$findings"
    failed=$((failed + 1))
}

# passes LINT: on the tree as it is.
passes() {
    run "$1"
    case $? in
    0) ;;
    77) echo "$1.sh: skipped, $(cat "$findings")" ;;
    *) wrong "$1" "finds fault with a clean tree" ;;
    esac
}

# finds LINT TEXT: on the tree as it is, a line that begins with TEXT.
finds() {
    run "$1"
    case $? in
    1) grep -qF "$2" "$findings" || wrong "$1" "fails, but does not say: $2" ;;
    77) echo "$1.sh: skipped, $(cat "$findings")" ;;
    *) wrong "$1" "lets pass: $2" ;;
    esac
}

# repeat N TEXT
repeat() { awk -v n="$1" -v text="$2" 'BEGIN { while (n--) print text }'; }

clean
built
for lint in banned exports format headers layers listed man shared shell size; do passes $lint; done

# ---- layers ------------------------------------------------------------------
# include FILE LINE-TEXT WHAT
include() {
    clean
    echo '#endif' | c core/engine/turn.h
    echo "$2" | c "$1"
    finds layers "$1:3: include: $3"
}
include core/base/x.c '#include "engine/turn.h"' '"engine/turn.h" breaks the layers: base may include only itself'
include core/conf/x.c '#include "engine/turn.h"' '"engine/turn.h" breaks the layers: conf may include base'
include core/base/x.c '#include "buf.h"' '"buf.h" needs its folder'
include core/base/x.c '#  include <curl/curl.h>' '<curl/curl.h> is for core/net/http only'
include core/base/x.c '#include <openssl/evp.h>' '<openssl/evp.h> is for core/crypto/ only'
include core/base/x.c '#include <jansson.h>' '<jansson.h> is for core/base/json.h'
include core/base/x.c '#include <zlib.h>' '<zlib.h> is in no list'
include core/base/x.c '#include <fl/none.h>' '<fl/none.h> does not exist'
include core/strange/x.c '#include "base/buf.h"' '"base/buf.h" is included from a folder that the table does not know'
include plugins/dns/x/x.c '#include "base/buf.h"' '"base/buf.h" is not in the folder of the plugin'
include plugins/dns/x/x.c '#include "../../../core/base/buf.h"' '"../../../core/base/buf.h" is not in the folder'
include plugins/dns/x/x.c '#include <curl/curl.h>' '<curl/curl.h> is for'
include plugins/dns/x/x.c '#include <pthread.h>' '<pthread.h> is for core/ only'
include core/include/fl/x.h '#include "base/buf.h"' '"base/buf.h" is internal'

# ---- size --------------------------------------------------------------------
clean
{
    echo 'int f(int a)'
    echo '{'
    repeat 79 '    a++;'
    echo '}'
} | c core/base/buf.c
finds size 'core/base/buf.c:3: function-length: f() has 82 lines'
clean
{
    echo 'int f(int a)'
    echo '{'
    repeat 20 '    if (a) a++;'
    echo '}'
} | c tests/unit/test_x.c
finds size 'tests/unit/test_x.c:3: complexity: f() has 21'
clean
repeat 499 'int a(void);' | c plugins/dns/x/x.c
finds size 'plugins/dns/x/x.c:501: file-length: 501 lines'
clean
repeat 501 'int a(void);' | c core/base/buf.h
finds size 'core/base/buf.h:501: file-length: 501 lines of code'
clean
repeat 600 '/* a contract */' | c core/base/buf.h
passes size

# ---- shared ------------------------------------------------------------------
# shared DECLARATION NAME: in core/base/x.c
shared() {
    clean
    echo "$1" | c core/base/x.c
    finds shared "core/base/x.c:3: shared: $2 is "
}
shared 'static int counter;' counter
shared 'static const char *name;' name
shared '__attribute__((aligned(64))) static int spaced;' spaced
shared 'static int (*call)(void);' call
shared 'int f(void) { static int calls; return ++calls; }' calls
shared 'struct queue { int n; pthread_mutex_t lock; };' queue.lock
shared 'struct queue { int n; pthread_rwlock_t lock; };' queue.lock
shared 'struct queue { _Atomic int n; };' queue.n
shared 'static struct { sem_t done; } io;' io.done
shared 'static const pthread_once_t once;' once
shared 'static _Thread_local int depth;' depth
shared 'void f(int *n) { __atomic_add_fetch(n, 1, 0); }' __atomic_add_fetch
clean
printf '## Shared mutable things\n| what | file |\n|---|---|\n| `counter` | core/base/x.c |\n' | put docs/design.md
finds shared 'docs/design.md:4: shared: counter is not in core/base/x.c'
echo 'static int counter;' | c core/base/x.c
passes shared
c core/base/x.c <<'EOF'
struct fwd;
enum color { RED };
static const struct pair { int a; } pairs[] = { { 1 } }, *const first = pairs;
static int (*const calls[])(int (*f)(void)) = { 0 };
static int f(pthread_mutex_t *lock) { static const int one = 1; int two = one; return two; }
static int counter;
EOF
passes shared

# ---- exports -----------------------------------------------------------------
clean
built
echo 'FL_EXPORT int fl_gone(void);' | c core/include/fl/gone.h
finds exports 'fl_gone is declared there and defined nowhere'
clean
echo 'int fl_extra(void); int fl_extra(void) { return 0; }' >"$tree/extra"
built
cat "$tree/extra" >>"$tree/host.c"
# shellcheck disable=SC2086
$cc -shared -fPIC -o "$tree/fairlead" "$tree/host.c"
finds exports 'fl_extra is shown by the daemon and in no public header'
clean
echo 'int helper(void); int fl_never(void); int helper(void) { return fl_never(); }' >>"$tree/plugins/dns/x/x.c"
built
finds exports 'helper is shown too'
finds exports 'fl_never is called and the daemon does not have it'
clean
echo 'static int none;' | c plugins/dns/x/x.c
built
finds exports 'fl_plugin_entry is missing'

# ---- format, shell, headers, listed ------------------------------------------
clean
echo 'int f( void );' | c core/base/buf.c
finds format 'core/base/buf.c:3: format:'
clean
printf '#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\ncd $1\n' | put tests/x.sh
finds shell 'tests/x.sh:3:'
clean
printf '#!/bin/bash\n# SPDX-License-Identifier: Apache-2.0\ncd $1\n' | put .ci/run
finds shell '.ci/run:3:'
rm -rf "$tree/.ci"
clean
echo 'size_t f(void);' | c core/include/fl/plugin.h
finds headers 'core/include/fl/plugin.h:1: stands-alone:'
clean
echo 'int f(int class);' | c core/include/fl/plugin.h
finds headers 'core/include/fl/plugin.h:1: stands-alone:'
clean
echo 'size_t f(void);' | c core/base/buf.h
finds headers 'core/base/buf.h:1: stands-alone:'
clean
echo 'int f(void);' | c core/base/new.c
finds listed 'core/base/new.c:1: unlisted:'
clean
echo 'int main(void) { return 1; }' | c tests/unit/test_new.c
finds listed 'tests/unit/test_new.c:1: unlisted:'

clean
printf '.Dd today\n.Dt X 8\n.Os\n.Sh NAME\n.Nm x\n.Nd y\n.Nosuch z\n' | put docs/x.8
finds man 'docs/x.8:7: man:'

# ---- banned ------------------------------------------------------------------
for call in strcpy strcat sprintf strtok atoi alloca system popen; do
    clean
    echo "void f(char *a) { $call(a); }" | c core/base/buf.c
    finds banned "core/base/buf.c:3: banned-call: $call()"
done
clean
echo 'void f(void) { goto out; }' | c plugins/dns/x/x.c
finds banned 'plugins/dns/x/x.c:3: goto:'
clean
printf 'typedef struct {\n    int a;\n} thing;\n' | c core/base/buf.h
finds banned 'core/base/buf.h:3: typedef:'
clean
echo 'typedef struct thing thing;' | c core/base/buf.h
finds banned 'core/base/buf.h:3: typedef:'
clean
printf '/* buf.c - a sample. */\n/* second. */\n' | put core/base/buf.c
finds banned 'core/base/buf.c:1: licence:'
clean
printf '#!/bin/sh\ntrue\n' | put tests/x.sh
finds banned 'tests/x.sh:1: licence:'
clean
printf '/* SPDX-License-Identifier: Apache-2.0 */\n/* other.c - a sample. */\n' | put core/base/buf.c
finds banned 'core/base/buf.c:2: purpose:'
clean
printf 'see %s\n' "/work""/main/x" | put docs/page.md
finds banned 'docs/page.md:1: machine-path:'
clean
echo "/* TO""DO: all of it */" | c core/base/buf.c
finds banned 'core/base/buf.c:3: unfinished:'

echo "selftest: $ran samples, $failed wrong"
[ "$failed" = 0 ]
