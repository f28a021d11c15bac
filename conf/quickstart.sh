#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# quickstart.sh - the first command of the README: from a fresh Debian to two certificates over
# real ACME, on this machine alone.
#
#     sh conf/quickstart.sh
#
# Installs what the build needs (as root, or with sudo), builds in build/quickstart, starts Pebble,
# a small ACME authority for tests, on loopback, runs fairlead against it, and shows and verifies
# what came out. Pebble asks fairlead's own DNS responder and connects to fairlead's own
# listener: nothing is asked of the network but packages. Nothing is left running.
set -u
export LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
unset MAKEFLAGS MFLAGS
src=$(cd "$(dirname "$0")/.." && pwd) || exit 1
base=$src/build/quickstart
tree=$base/tree
run=$base/run
logs=$base/logs
linked='' once=''
# shellcheck source=tests/tools/pebble_start.sh
. "$src/tests/tools/pebble_start.sh"

say() { printf '\n== %s\n' "$*"; }
# fail WORDS [LOG]: what went wrong, the end of what was said about it, and that it is over.
fail() {
    printf '\nquickstart: %s\n' "$1" >&2
    if [ -s "${2:-}" ]; then
        echo "The end of $2:" >&2
        tail -n 20 "$2" | sed 's/^/    | /' >&2
    fi
    exit 1
}
# ended: whatever happened, what was started does not outlive this script.
# shellcheck disable=SC2317 # the trap calls it
ended() {
    [ -z "$once" ] || { kill "$once" && wait "$once"; } 2>/dev/null
    [ -z "${pebble_pid:-}" ] || kill "$pebble_pid" 2>/dev/null
    [ ! -d "$run/pebble" ] || pebble_stop "$run/pebble"
    [ -z "$linked" ] || rm -rf "$linked"
}
trap ended EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# ---- building ----------------------------------------------------------------------

# newer THAN: is a source newer than that, or that not there?
newer() {
    [ -e "$1" ] || return 0
    [ -n "$(find "$src/Makefile.am" "$src/configure.ac" "$src/m4/fairlead.m4" "$src/core" "$src/plugins" \
        -type f -newer "$1" 2>/dev/null | head -n 1)" ]
}
# configured: configure and the Makefile.in are those of the sources.
configured() {
    [ -f "$src/configure" ] && [ -f "$src/Makefile.in" ] && [ -f "$src/build-aux/install-sh" ] &&
        [ -z "$(find "$src/configure.ac" "$src/m4/fairlead.m4" -newer "$src/configure")" ] &&
        [ -z "$(find "$src/Makefile.am" "$src/core" "$src/plugins" "$src/conf" "$src/docs" "$src/tests" \
            -name 'Makefile.*' ! -name Makefile.in -newer "$src/Makefile.in")" ]
}
# make will not work in a folder whose name has blanks or such in it. There it works through a
# link of another name, which goes away at the end; so all is built anew when a source is newer.
places() {
    case $src in
    *[!A-Za-z0-9/._+:,@%=-]*)
        linked=$(mktemp -d) || fail 'there is no place for temporary files: see TMPDIR'
        ln -s "$src" "$linked/src"
        rm -rf "$tree"
        from=$linked/src to=$linked/src/build/quickstart/tree
        ;;
    *) from=$src to=$tree ;;
    esac
}
build() {
    [ ! -f "$src/config.status" ] ||
        fail 'the source tree itself is configured: run make distclean in it first'
    places
    mkdir -p "$tree" || fail "$tree cannot be made"
    configured || (cd "$from" && autoreconf -fi) >"$logs/autoreconf.log" 2>&1 ||
        fail 'autoreconf failed' "$logs/autoreconf.log"
    if [ ! -f "$tree/config.status" ] || [ -n "$(find "$src/configure" -newer "$tree/config.status")" ]; then
        (cd "$to" && "$from/configure" -q --disable-dependency-tracking) >"$logs/configure.log" 2>&1 ||
            fail 'configure failed' "$logs/configure.log"
    fi
    make -C "$to" -j"$(nproc)" all >"$logs/make.log" 2>&1 || fail 'the build failed' "$logs/make.log"
    touch "$tree/built"
}

# ---- the run -----------------------------------------------------------------------

# free_port: one that nobody has, below those that connections take.
free_port() {
    while :; do
        port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
        grep -qs "$(printf ':%04X ' "$port")" /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6 || break
    done
    echo "$port"
}
# quoted TEXT: as it stands between double quotes in the configuration.
quoted() { printf '%s' "$1" | sed 's/[\\"]/\\&/g'; }
configuration() {
    cat <<END
# Made by conf/quickstart.sh. Sinks are not mentioned: then there is \`disk\`, files below the state.
state = "$(quoted "$run/state")";
roots = "127.0.0.1:$dns_port";        # of a DNS that ends on this machine
authorities = {
  pebble = { directory = "$pebble_url"; ca_file = "$(quoted "$pebble_ca")"; accept_terms = true; };
};
dns = {
  self = { serve = "example.test"; listen = "127.0.0.1:$dns_port"; addresses = "127.0.0.1";
           query_servers = "127.0.0.1:$dns_port"; };
};
solvers = {
  txt = { plugin = "dns-01"; };
  web = { plugin = "http-01"; listen = "127.0.0.1:$http_port"; };
};
certificates = (
  { names = ["example.test", "*.example.test"]; solver = "txt"; },
  { names = ["www.example.test"]; solver = "web"; addresses = ["127.0.0.1"]; }
);
END
}
authority() {
    dns_port=$(free_port) http_port=$(free_port)
    pebble_dns=127.0.0.1:$dns_port pebble_http_port=$http_port
    export PEBBLE_VA_NOSLEEP=1
    pebble_start "$run/pebble" || fail 'Pebble did not start' "$run/pebble/log"
    configuration >"$run/fairlead.conf"
}
# shown NAME: a certificate as it is on disk; does its chain lead to the authority's root?
shown() {
    live=$run/state/live/$1
    printf '\n%s\n' "$live"
    (cd "$live/" && ls -1 ./*.pem) | sed 's|^\./|    |'
    openssl x509 -in "$live/cert.pem" -noout -subject -issuer -enddate -ext subjectAltName |
        sed 's/^ */    /'
    printf '    openssl verify: '
    openssl verify -CAfile "$run/root.pem" -untrusted "$live/chain.pem" "$live/cert.pem" 2>&1 | sed 's/.*: //'
    openssl verify -CAfile "$run/root.pem" -untrusted "$live/chain.pem" "$live/cert.pem" >/dev/null 2>&1 ||
        fail "the chain of $1 does not verify"
    [ "$(openssl x509 -in "$live/cert.pem" -noout -pubkey)" = "$(openssl pkey -in "$live/privkey.pem" -pubout)" ] ||
        fail "the key of $1 does not fit its certificate"
}

mkdir -p "$logs" 2>/dev/null
[ -w "$logs" ] || fail "$base cannot be written; if root made it, run this as root again or remove it"
say 'What the build needs'
sh "$src/tests/tools/deps.sh" build quickstart >"$logs/deps.log" 2>&1 ||
    fail 'not all packages could be installed' "$logs/deps.log"
if [ -s "$logs/deps.log" ]; then sed -n 's/^deps.sh: //p' "$logs/deps.log"; else echo 'is all there.'; fi

say 'Building in build/quickstart'
if newer "$tree/built"; then build; fi
"$tree/fairlead" --version || fail 'the daemon that was built does not run'

say 'Starting Pebble, an ACME authority for tests, on loopback'
rm -rf "$run"
mkdir -p "$run" || fail "$run cannot be made"
authority
echo "$pebble_url"

say 'fairlead check'
"$tree/fairlead" --conf "$run/fairlead.conf" --plugins "$tree/plugdir" check ||
    fail 'the configuration is not right; it is in build/quickstart/run/fairlead.conf'

say 'fairlead once'
# In the background: a signal to this script alone is then acted on at once.
"$tree/fairlead" --conf "$run/fairlead.conf" --plugins "$tree/plugdir" once --wait 2m </dev/null &
once=$!
wait $once || { once='' && fail 'not all certificates came; the log of the authority may say why' "$pebble_log"; }
once=''

say 'What is on disk now'
pebble_root "$run/pebble" "$run/root.pem" || fail 'Pebble does not tell its root'
shown example.test
shown www.example.test

say 'For certificates from Let'"'"'s Encrypt'
cat <<END
Begin with build/quickstart/run/fairlead.conf and change this; README.md has it in full:
  - take out state and roots, and the authority pebble. Say instead that you accept the terms:
        authorities = { letsencrypt = { accept_terms = true; contact = ["mailto:you@example.org"]; }; };
  - dns: name your DNS provider, or keep \`self\` and delegate a zone to this machine: listen = "[::]:53";
    addresses = its public address; no query_servers
  - solvers: http-01 listens on port 80, "[::]:80", unless you say otherwise
  - certificates: your names; no addresses, unless fairlead shall set them
Then: fairlead check --online; fairlead once --staging; fairlead once; systemctl enable --now fairlead
END
