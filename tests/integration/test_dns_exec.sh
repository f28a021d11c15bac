#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_dns_exec.sh - the DNS provider `exec`: the example program, which keeps zones in a file; a program as lego calls
# it; what becomes of statuses, of words and of answers that are none.
# shellcheck disable=SC2016 # the backquotes are in messages
set -eu
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
command -v python3 >/dev/null || { echo "python3 is missing" && exit 77; }
if [ -z "${DNS_PROBE:-}" ]; then
    make -s -C "$build" tests/tools/dns_probe >make.log 2>&1 || { cat make.log && exit 1; }
fi
probe=${DNS_PROBE:-$build/tests/tools/dns_probe} plugdir=${PLUGDIR:-$build/plugdir}

work=$(mktemp -d "${TMPDIR:-/tmp}/fairlead-dns-exec.XXXXXX")
failed=0 ran=0
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
umask 077
cd "$work"

# ---- comparisons ----
try() {
    code=0
    "$probe" "$plugdir" exec plugin.conf "$@" >out 2>err || code=$?
}
works() {
    name=$1
    shift
    ran=$((ran + 1))
    try "$@"
    [ "$code" = 0 ] && return
    failed=$((failed + 1))
    printf 'FAILED %s: %s\n' "$name" "$(cat err)"
}
refuses() {
    name=$1 want=$2 words=$3
    shift 3
    ran=$((ran + 1))
    try "$@"
    case $(cat err) in *"$want "*"$words"*) return ;; esac
    failed=$((failed + 1))
    printf 'FAILED %s\n  wanted %s ...%s\n  got    %s\n' "$name" "$want" "$words" "$(cat err)"
}
same() {
    ran=$((ran + 1))
    [ "$2" = "$3" ] && return
    failed=$((failed + 1))
    printf 'FAILED %s\n  wanted %s\n  got    %s\n' "$1" "$3" "$2"
}
holds() { same "$1" "$(sort out)" "$2"; }
conf() { printf 'program = %s;\n%s\n' "$1" "${2:-}" >plugin.conf; }

# ---- zones in a file ----
export DNS_PROBE_FIND=1
conf "[\"python3\", \"$top/conf/examples/exec-zone.py\", \"$work/zones\"]"
works 'the program is tried' test
refuses 'a zone that is not there' reject 'no zone example.test' zone example.test
works 'a zone is made' create example.test
holds 'its name servers' 'ns1.example.net'
works 'a zone is made once' create example.test
works 'it is found' zone example.test
printf '%s\n' '_acme-challenge 16 0 60 - one|two' '@ 1 0 300 - 192.0.2.1' 'quote 16 0 60 - a"b;c' >changes
works 'several records' apply example.test <changes
DNS_PROBE_TWICE=1 works 'the same again' apply example.test <changes
works 'a list' list example.test _acme-challenge 16
holds 'texts' '_acme-challenge 60 one
_acme-challenge 60 two'
works 'the apex' list example.test @ 1
holds 'an address' ' 300 192.0.2.1'
works 'the whole zone' list example.test '*' 0
same 'four values' "$(wc -l <out | tr -d ' ')" 4
works 'a quote is read' list example.test quote 16
holds 'a quote comes back' 'quote 60 a"b;c'
printf '%s\n' '_acme-challenge 16 60 60 other mine' >changes
refuses 'something else stands there' stale '_acme-challenge TXT holds something else' apply example.test <changes
printf '%s\n' '_acme-challenge 16 60 60 one|two -' >changes
works 'values go' apply example.test <changes
works 'nothing is nothing' list example.test _acme-challenge 16
holds 'no record' ''
refuses 'a zone that is gone' reject 'no zone gone.test' apply gone.test <changes

# ---- as lego calls it ----
cat >lego <<'SH'
#!/bin/sh
[ "$3" != _acme-challenge.bad.example.test. ] || { echo "one line" >&2; echo "no such host" >&2; exit 1; }
printf '%s\n' "$*" >>"$CALLS"
env | sed 's/=.*//' | sort | tr '\n' ' ' >"$CALLS.env"
SH
chmod +x lego
more="convention = \"lego\"; holds = [\"example.test\"]; environment = [\"CALLS=$work/calls\"];"
conf "[\"$work/lego\", \"--fast\"]" "$more"
works 'no look is possible' test
works 'a zone of the list' zone example.test
refuses 'another zone' reject 'does not name www.example.test' zone www.example.test
printf '%s\n' '_acme-challenge 16 60 60 old|kept kept|fresh' '_acme-challenge.www 16 0 60 - a b' >changes
works 'texts come and go' apply example.test <changes
same 'one run a text' "$(cat calls)" '--fast cleanup _acme-challenge.example.test. old
--fast present _acme-challenge.example.test. fresh
--fast present _acme-challenge.www.example.test. a b'
same 'a clean environment' "$(cat calls.env)" "$(printf 'CALLS\nFAIRLEAD_DNS\nFAIRLEAD_OP\nLANG\nPATH\nPWD\n' | sort | tr '\n' ' ')"
printf '%s\n' '_acme-challenge.bad 16 0 60 - a' >changes
refuses 'a program that fails' temp 'ended with status 1: one line;no such host' apply example.test <changes
printf '%s\n' 'www 1 0 60 - 192.0.2.1' >changes
refuses 'an address' reject 'only TXT is written' apply example.test <changes
conf "[\"$work/lego\"]" 'convention = "lego";'
refuses 'zones have to be listed' '' 'list them in `holds`' test

# ---- what it says ----
says() {
    printf '#!/bin/sh\ncat >/dev/null\n%s\n' "$1" >says
    chmod +x says
    conf "[\"$work/says\"]" "${2:-}"
}
unset DNS_PROBE_FIND
says 'exit 77'
refuses 'status 77' auth 'ended with status 77' zone example.test
says 'exit 78'
refuses 'status 78' conf 'ended with status 78' zone example.test
says 'echo "go away" >&2; exit 65'
refuses 'status 65' reject 'go away' zone example.test
says 'echo "{\"code\": \"rate\", \"message\": \"one a minute\", \"retry_after\": 60}"; exit 1'
refuses 'a code' rate 'one a minute' zone example.test
says 'echo "{\"code\": \"fine\"}"'
refuses 'a code that is none' proto '"fine", which is none' zone example.test
says 'echo "{ broken"'
refuses 'no JSON' proto 'begins like JSON' zone example.test
says ':'
refuses 'content and without a word' proto 'does not answer with `zone`' zone example.test
refuses 'a list without rrsets' proto '`rrsets`' list example.test a 16
refuses 'no capabilities' proto '`capabilities` lacks zone' test
says 'echo "{\"rrsets\": [{\"name\": \"a\", \"type\": \"TXT\", \"ttl\": 1, \"values\": [7]}]}"'
refuses 'a value that is no text' proto 'a lacks some' list example.test a 16
says 'head -c 1100000 /dev/zero | tr "\\0" x'
refuses 'endless words' proto 'more than 1024 KiB' zone example.test
# shellcheck disable=SC2016
says 'echo "the secret is $FAIRLEAD_SECRET" >&2; exit 65' 'secret = "hunter2-hunter2";'
refuses 'the secret arrives and is not shown' reject 'the secret is ***' zone example.test
same 'nowhere' "$(grep -c hunter2 err)" 0
conf "[\"$work/nobody\"]"
refuses 'no such program' conf '' zone example.test

echo "$((ran - failed)) of $ran as expected"
[ $failed = 0 ]
