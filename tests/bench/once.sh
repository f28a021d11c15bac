#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# once.sh - what certificates cost: fairlead, and uacme and lego where they are installed, in one run on one machine
# against Debian's Pebble on loopback. Not a test: it prints numbers, of which the ratios and counts mean something
# elsewhere, the seconds do not.
#
#     sh tests/bench/once.sh [BUILD]      a build without sanitizers (default: build/plain, which tests/run.sh makes)
#
#     BENCH_MANY=200     certificates of the second round
#     BENCH_LIMIT=120    seconds for one measurement; what is not done then is said to be so
#     BENCH_RUNS=3       of the first round: the median is printed
#     BENCH_ONLY='...'   of the programs only these (fairlead_http fairlead_dns uacme_http lego_http lego8_http)
#     BENCH_RESULTS=FILE gets a line for each: program, certificates, wall, CPU, KiB, requests, connections
#
# Pebble does not sleep, refuses no nonces and uses no authorization again. All prove by HTTP-01 at one address that a
# DNS server for tests gives for every name; fairlead once more by DNS-01 with its own responder. Pebble's TLS
# certificate is all that is trusted: fairlead and lego have an option for that, uacme gets it in place of the system's
# bundle where mounting is allowed, else it reads the system's, which costs it more. Connections are counted in a run
# of their own through a relay. Pebble is started afresh for every measurement: it can lock up under load by
# itself, which is then said.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "${1:-${top_builddir:-$top/build/plain}}" && pwd) || exit 1
many=${BENCH_MANY:-200} limit=${BENCH_LIMIT:-120} runs=${BENCH_RUNS:-3}
work=$(mktemp -d "${TMPDIR:-/tmp}/fairlead-bench.XXXXXX")
cd "$work" || exit 1
# shellcheck source=tests/tools/e2e.sh
. "$top/tests/tools/e2e.sh"
e2e_begin
site='' dns='' relay=''
# shellcheck disable=SC2317 # e2e_ended calls it
e2e_more_ended() {
    for pid in $site $dns $relay; do kill "$pid" && wait "$pid"; done 2>/dev/null
    cd / && rm -rf "$work"
}
if ldd "$build/fairlead" | grep -qE 'lib[atu]b?san'; then
    echo "once.sh: $build is built with sanitizers: nothing that it costs is worth printing" >&2
    exit 1
fi

# ---- the surroundings -----------------------------------------------------------------

# resolver: every name has this address. Its name server answers while fairlead's own does not.
resolver() {
    pebble-challtestsrv -management "$at:8055" -defaultIPv4 "$at" -defaultIPv6 '' -dns01 "$at:5300" -http01 '' \
        -https01 '' -tlsalpn01 '' >dns.log 2>&1 &
    dns=$!
    until_true 10 dig "@$at" -p 5300 x.test A +time=1 +tries=1 || { cat dns.log && exit 1; }
}
no_resolver() {
    [ -z "$dns" ] || { kill "$dns" && wait "$dns"; } 2>/dev/null
    dns=''
}
# uacme has no server of its own.
site() {
    mkdir -p site/.well-known/acme-challenge
    python3 -m http.server -d site -b "$at" 5301 >site.log 2>&1 &
    site=$!
    until_true 10 dig "@$at" -p 5300 x.test A +time=1 +tries=1
    until_true 10 curl -s "http://$at:5301/"
}
no_site() {
    [ -z "$site" ] || { kill "$site" && wait "$site"; } 2>/dev/null
    site=''
}

# ---- the programs ---------------------------------------------------------------------

# Pebble does not ask again by TCP as resolvers do: no limit of answers by UDP.
# Each: FUNCTION N prints nothing and leaves in run.sh what gets N certificates into a fresh folder.
names() { i=0 && while [ $i -lt "$1" ]; do i=$((i + 1)) && echo "n$i.example.test"; done; }
conf() {
    cat >fl.conf <<END
state = "$work/fl";
roots = ["$at:5300"];
authorities = { pebble = { directory = "https://$at:14000/dir"; ca_file = "$work/pebble/ca.pem"; accept_terms = true; }; };
solvers = { it = { plugin = "$2"; $3 }; };
dns = { self = { plugin = "self"; serve = ["example.test"]; listen = ["$at:$4"]; answers = 0; query_servers = ["$at:$4"]; }; };
sinks = { disk = { plugin = "file"; directory = "$work/fl/live"; }; };
certificates = ( $(names "$1" | sed 's/.*/{ names = ["&"]; }/' | paste -s -d ,) );
END
    chmod 600 fl.conf
    rm -rf fl
    echo "exec '$build/fairlead' -c fl.conf --plugins '$build/plugdir' once" >run.sh
}
fairlead_http() { conf "$1" http-01 "listen = \"$at:5301\";" 5310; }
fairlead_dns() {
    no_resolver
    conf "$1" dns-01 '' 5300
}
uacme_http() {
    site
    rm -rf ua
    cat >hook.sh <<END
#!/bin/sh
file=$work/site/.well-known/acme-challenge/\$4
case "\$1 \$2" in
"begin http-01") echo "\$5" >"\$file" ;;
begin*) exit 1 ;;
*) rm -f "\$file" ;;
esac
END
    chmod 755 hook.sh
    {
        bundle=/etc/ssl/certs/ca-certificates.crt
        if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
            echo "[ \"\${1:-}\" = in ] || exec unshare -m sh run.sh in; mount --bind '$work/pebble/ca.pem' $bundle"
        fi
        echo "uacme -y -t EC -c ua -a https://$at:14000/dir new && for n in $(names "$1" | paste -s -d ' '); do"
        echo "uacme -t EC -c ua -a https://$at:14000/dir -h '$work/hook.sh' issue \$n || exit 1; done"
    } >run.sh
}
lego_http() {
    rm -rf le
    {
        echo "export LEGO_CA_CERTIFICATES='$work/pebble/ca.pem'"
        echo "for n in $(names "$1" | paste -s -d ' '); do lego -s https://$at:14000/dir --path le -a -m a@example.test -k ec256"
        echo "--http --http.port $at:5301 -d \$n run || exit 1; done"
    } | sed 'N;s/run || exit/&/' | paste -s -d ' ' | sed "s/ for n in/; for n in/" >run.sh
}

# Eight at a time: they cannot all listen, so they write to a web server's folder. The account is there before.
lego8_http() {
    site
    rm -rf le
    {
        cat <<END
export LEGO_CA_CERTIFICATES='$work/pebble/ca.pem'
one() { lego -s https://$at:14000/dir --path le -a -m a@example.test -k ec256 --http --http.webroot '$work/site' -d "\$1" run; }
[ "\${1:-}" != one ] || { one "\$2"; exit; }
one n1.example.test || exit 1
[ $1 = 1 ] || printf '%s\\n' $(names "$1" | tail -n +2 | paste -s -d ' ') | xargs -P 8 -n 1 sh run.sh one
END
    } >run.sh
}

# ---- measuring ------------------------------------------------------------------------

# stuck: does Pebble no longer answer a bare client either?
stuck() {
    sh "$top/tests/tools/made.sh" "$build" tests/tools/acme_probe || return 1
    ! PEBBLE_VA_ALWAYS_VALID=1 timeout 10 "$build/tests/tools/acme_probe" -d "https://$at:14000/dir" -a pebble/ca.pem \
        -k probe -o probe.pem stuck.example.test 2>&1 | grep -q 'certificates\|refused\|reject'
}
# measured NAME N: its line in $line: wall, CPU, RSS, requests; status 1: it did not end well.
measured() {
    resolver
    e2e_pebble pebble
    "$1" "$2"
    line=$(python3 "$top/tests/bench/measure.py" "$limit" sh run.sh)
    state=${line%% *} line=${line#* }
    line="$line $(pebble_count pebble)"
    issued=$(grep -c 'Issued certificate' pebble/log)
    if [ "$state" != 0 ] || [ "$issued" != "$2" ]; then
        echo "$1: $issued of $2 certificates, status $state$([ "$state" = 124 ] && stuck && echo '; Pebble itself is stuck')" >&2
        tail -n 5 bench.out >&2
        state=1
    fi
    no_site
    no_resolver
    pebble_stop pebble
    return "$state"
}
# connected NAME N: prints how many connections it takes.
connected() {
    resolver
    pebble_port=14100
    e2e_pebble pebble
    pebble_port=14000
    python3 "$top/tests/bench/count_relay.py" "$at" 14000 14100 >relay.log 2>&1 &
    relay=$!
    until_true 10 grep -q ready relay.log
    "$1" "$2"
    python3 "$top/tests/bench/measure.py" "$limit" sh run.sh >/dev/null
    kill $relay
    wait $relay 2>/dev/null
    relay=''
    no_site
    no_resolver
    pebble_stop pebble
    tail -n 1 relay.log
}
show() { # NAME N WALL CPU RSS REQUESTS CONNECTIONS
    printf '%-16s %5d %9.2f s %8.2f s %8.1f MiB %8.2f %12s\n' "$1" "$2" "$3" "$4" \
        "$(echo "$5" | awk '{ print $1 / 1024 }')" "$(echo "$6 $2" | awk '{ print $1 / $2 }')" "$7"
}
programs='fairlead_http fairlead_dns'
for peer in uacme lego; do
    if command -v $peer >/dev/null; then programs="$programs ${peer}_http"; else echo "$peer is not installed"; fi
done
! command -v lego >/dev/null || programs="$programs lego8_http"
programs=${BENCH_ONLY:-$programs}
results=${BENCH_RESULTS:-$work/results}
printf '%-16s %5s %11s %10s %12s %8s %12s\n' '' certs wall CPU 'peak RSS' 'req/cert' connections
: >"$results"
for n in 1 "$many"; do
    for program in $programs; do
        : >lines
        again=$runs
        [ "$n" = 1 ] || again=1
        while [ "$again" -gt 0 ]; do
            again=$((again - 1))
            measured "$program" "$n" && echo "$line" >>lines
        done
        [ -s lines ] || continue
        # shellcheck disable=SC2046 # four numbers
        set -- $(sort -n lines | sed -n "$((($(wc -l <lines) + 1) / 2))p")
        connections=$(connected "$program" "$n")
        show "$program" "$n" "$1" "$2" "$3" "$4" "$connections"
        echo "$program $n $1 $2 $3 $4 $connections" >>"$results"
    done
done
echo
echo 'A peer in terms of fairlead_http:'
awk '$1 == "fairlead_http" { wall[$2] = $3; cpu[$2] = $4; rss[$2] = $5; asked[$2] = $6 }
     $1 !~ /^fairlead/ && wall[$2] { printf "%-16s %5d   wall %.1fx  CPU %.1fx  memory %.1fx  requests %.2fx\n", $1, $2,
         $3 / wall[$2], $4 / (cpu[$2] ? cpu[$2] : 0.001), $5 / rss[$2], $6 / asked[$2] }' "$results"
