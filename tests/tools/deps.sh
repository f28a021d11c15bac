#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# deps.sh [build] [test] [lint]... - installs what is missing of Debian's packages for
# these purposes (none named: all). Nothing is asked of the network when nothing is
# missing. Servers that come with the packages are not started.
set -eu
build='build-essential autoconf automake libtool pkg-config xz-utils libcurl4-openssl-dev libssl-dev
    libconfig-dev libjansson-dev libldns-dev libmicrohttpd-dev libidn2-dev libpsl-dev libsystemd-dev'
test='libcmocka-dev clang libclang-rt-14-dev valgrind python3 openssl curl procps pebble bind9 bind9-dnsutils
    knot knot-dnsutils pdns-server pdns-backend-sqlite3 unbound nginx-light haproxy'
lint='clang-format shellcheck pmccabe universal-ctags mandoc python3'
quickstart='pebble openssl python3'
bench='lego uacme pebble'

# have PACKAGE: is it installed, or another that brings the same command?
have() {
    case $1 in
    nginx-light) command -v nginx >/dev/null 2>&1 && return ;;
    esac
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

PATH=$PATH:/usr/sbin:/sbin
[ $# -gt 0 ] || set -- build test lint
wanted=
for purpose; do
    case $purpose in
    build) wanted="$wanted $build" ;;
    test) wanted="$wanted $test" ;;
    lint) wanted="$wanted $lint" ;;
    quickstart) wanted="$wanted $quickstart" ;;
    bench) wanted="$wanted $bench" ;;
    *) echo "deps.sh: no such purpose: $purpose (build, test, lint, quickstart, bench)" >&2 && exit 2 ;;
    esac
done
if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "deps.sh: this system has no dpkg; install by hand what these Debian packages bring: $wanted" >&2
    exit 0
fi
missing=
for package in $wanted; do
    have "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

root=
if [ "$(id -u)" != 0 ]; then
    root=sudo
    if ! command -v sudo >/dev/null 2>&1; then
        echo "deps.sh: run as root, or with sudo installed: apt-get install --no-install-recommends$missing" >&2
        exit 1
    fi
fi
echo "deps.sh: installing$missing"

# Debian's packages start their servers unless this file says no. One that is there
# already is somebody's own decision and stays.
policy=/usr/sbin/policy-rc.d
ours=
if [ ! -e "$policy" ]; then
    ours=$policy
    printf '#!/bin/sh\nexit 101\n' | $root tee "$policy" >/dev/null
    $root chmod 755 "$policy"
fi
trap '[ -z "$ours" ] || $root rm -f "$ours"' EXIT
trap 'exit 130' INT TERM
apt() {
    $root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" </dev/null
}
apt update
# shellcheck disable=SC2086 # a list of words
apt install --no-install-recommends $missing
