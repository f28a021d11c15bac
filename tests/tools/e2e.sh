# shellcheck shell=sh disable=SC2034,SC2154 # it sets for those who source it; they set top and build
# SPDX-License-Identifier: Apache-2.0
# e2e.sh - functions for tests of the daemon against a Pebble, in the current folder; to be sourced, with $top and
# $build being the folders of the sources and of the build.
#
#     . "$top/tests/tools/e2e.sh"
#     e2e_begin                    # an address of its own in $at; all that is started here ends with the script
#     e2e_pebble pebble            # Pebble in a folder: resolver $at:5300, http-01 at $at:5301; root in pebble/root.pem
#     e2e_conf <<END               # fl.conf: what the END lines say, and what e2e_conf itself knows
#     e2e once                     # fairlead -c fl.conf once: words in out and err, exit status in $status
#     e2e_end                      # exit status 1 if anything was complained about
#
# Every Pebble listens on $at:14000, so that one which is stopped and started again is the same authority.
#
#   complain WORDS              something is wrong; the script goes on
#   is WHAT WANTED FOUND        complains unless they are the same
#   says WHAT PATTERN [FILE]    complains unless a line of FILE (out err) matches the extended pattern
#   silent WHAT PATTERN [FILE]  complains if one does
#   until_true SECONDS COMMAND  until COMMAND succeeds; 1: it did not in time
#   e2e_run [ARGUMENT]...       fairlead run in the background, words in run.log; $running is its number
#   e2e_stop                    SIGTERM; its exit status in $status
#   e2e_delivered NAME SAN...   what lies in live/NAME verifies, fits, is for these names alone, has its permissions
#   e2e_fits FOLDER             0: the files there belong together
#   e2e_record KEY FIELD...     prints a field of a record in the state (certificate:example.test live serial)
#   e2e_no_txt ZONE             complains if a journal or the responder still has a TXT record there
#   e2e_asked                   requests since the last e2e_mark, one a line, as "1 POST /order-plz"
#   e2e_mark                    requests are counted from here
#
# From the environment: e2e_state (state), e2e_live (live), e2e_authority (more options of the authority pebble),
# e2e_serve ("example.test"; zones of `self`, in the form of the configuration), FL_TIME (60, seconds that one command may take).
# shellcheck source=tests/tools/pebble_start.sh
. "$top/tests/tools/pebble_start.sh"

failures=0
running=''
complain() {
    echo "FAILED: $*" >&2
    failures=$((failures + 1))
}
is() {
    [ "$2" = "$3" ] || complain "$1: wanted '$2', found '$3'"
}
says() {
    what=$1 pattern=$2
    shift 2
    [ $# -gt 0 ] || set -- out err
    cat "$@" | grep -qE -e "$pattern" || complain "$what: nothing says '$pattern' in: $(cat "$@")"
}
silent() {
    what=$1 pattern=$2
    shift 2
    [ $# -gt 0 ] || set -- out err
    if cat "$@" | grep -E -e "$pattern" >found; then complain "$what: somebody says $(cat found)"; fi
}
until_true() {
    deadline=$(($(date +%s) + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -le $deadline ] || return 1
        sleep 0.05
    done
}

# ---- beginning and end ---------------------------------------------------------------

e2e_begin() {
    PATH=$PATH:/usr/sbin:/sbin
    here=$(pwd)
    for tool in "${pebble_bin:-pebble}" openssl dig python3; do
        command -v "$tool" >/dev/null 2>&1 ||
            { echo "$tool is missing (packages pebble, openssl, bind9-dnsutils, python3)" && exit 77; }
    done
    # shellcheck disable=SC2046 # three numbers
    set -- $(od -An -N3 -tu1 /dev/urandom)
    at=127.$(($1 % 63 + 1)).$2.$(($3 % 254 + 1))
    pebble_address=$at pebble_port=14000 pebble_dns=$at:5300 pebble_http_port=5301
    export PEBBLE_VA_NOSLEEP=1 PEBBLE_WFE_NONCEREJECT=0 PEBBLE_AUTHZREUSE=0
    trap e2e_ended EXIT
    trap 'exit 130' INT TERM
}
# shellcheck disable=SC2317 # the trap calls it
e2e_ended() {
    [ -z "$running" ] || { kill -KILL "$running" && wait "$running"; } 2>/dev/null
    for folder in */pid; do [ ! -f "$folder" ] || pebble_stop "${folder%/pid}"; done
    ! command -v e2e_more_ended >/dev/null || e2e_more_ended
}
e2e_end() {
    [ "$failures" = 0 ] || echo "$failures failed" >&2
    [ "$failures" = 0 ]
    exit
}
e2e_pebble() {
    server=$1
    pebble_start "$@" || exit 1
    pebble_root "$server" "$server/root.pem" || exit 1
    e2e_mark
}

# ---- the daemon ----------------------------------------------------------------------

e2e_conf() {
    cat >fl.conf <<END
state = "$here/${e2e_state:-state}";
roots = ["$at:5300"];
authorities = {
  pebble = { directory = "https://$at:14000/dir"; ca_file = "$here/$server/ca.pem"; accept_terms = true; ${e2e_authority:-} };
};
dns = { self = { plugin = "self"; serve = [${e2e_serve:-"\"example.test\""}]; listen = ["$at:5300"]; query_servers = ["$at:5300"]; }; };
solvers = {
  txt = { plugin = "dns-01"; };
  web = { plugin = "http-01"; listen = "$at:5301"; };
};
sinks = {
  disk = { plugin = "file"; directory = "$here/${e2e_live:-live}";
           reload = ["/bin/sh", "-c", "echo reloaded >>$here/reloads"]; };
};
END
    cat >>fl.conf
    chmod 600 fl.conf
}
e2e() {
    status=0
    timeout -k 5 "${FL_TIME:-60}" "$build/fairlead" -c fl.conf --plugins "$build/plugdir" "$@" >out 2>err </dev/null ||
        status=$?
    # What the sanitizers find is never right, whatever was expected.
    ! grep -qE 'Sanitizer|runtime error:' err || complain "fairlead $*: $(cat err)"
}
e2e_run() {
    : >run.log # what an earlier one said there is not meant
    "$build/fairlead" -c fl.conf --plugins "$build/plugdir" "$@" run >run.log 2>&1 </dev/null &
    running=$!
    until_true 10 grep -q ' started' run.log || complain "run does not start: $(cat run.log)"
}
e2e_stop() {
    status=0
    kill "$running"
    wait "$running" || status=$?
    running=''
    ! grep -E 'Sanitizer|runtime error:' run.log || complain "run: $(cat run.log)"
}

# ---- what came out -------------------------------------------------------------------

e2e_fits() {
    [ "$(openssl x509 -in "$1/cert.pem" -noout -pubkey)" = "$(openssl pkey -in "$1/privkey.pem" -pubout)" ] &&
        [ "$(cat "$1/cert.pem" "$1/chain.pem")" = "$(cat "$1/fullchain.pem")" ] &&
        [ "$(cat "$1/privkey.pem" "$1/fullchain.pem")" = "$(cat "$1/combined.pem")" ]
}
e2e_delivered() {
    folder=${e2e_live:-live}/$1
    what=$1
    shift
    [ -s "$folder/cert.pem" ] || { complain "$what: nothing was delivered" && return; }
    openssl verify -CAfile "$server/root.pem" -untrusted "$folder/chain.pem" "$folder/cert.pem" >verify.log 2>&1 ||
        complain "$what: $(cat verify.log)"
    e2e_fits "$folder" || complain "$what: the files do not belong together"
    # shellcheck disable=SC2012 # names are ours
    is "$what: its files" 'cert.pem chain.pem combined.pem fullchain.pem privkey.pem' \
        "$(ls -A "$folder/" | tr '\n' ' ' | sed 's/ $//')"
    is "$what: permissions" '644 644 644 600 600' \
        "$(cd "$folder/" && stat -c %a cert.pem chain.pem fullchain.pem privkey.pem combined.pem | tr '\n' ' ' | sed 's/ $//')"
    is "$what: names" "$(printf '%s\n' "$@" | sort)" "$(openssl x509 -in "$folder/cert.pem" -noout -ext subjectAltName |
        sed 1d | tr ',' '\n' | sed 's/^ *//; s/^DNS://' | sort)"
}
e2e_record() {
    # The store writes what is not plain as %XX; a folder of two digits comes before it.
    file=$(find "${e2e_state:-state}/certs" "${e2e_state:-state}/accounts" -name "$(echo "$1" | sed 's/>/%3E/; s|/|%2F|; s/[*]/%2A/')")
    shift
    python3 -c 'import json, sys
value = json.load(open(sys.argv[1]))
for name in sys.argv[2:]:
    value = value.get(name) if isinstance(value, dict) else None
print("" if value is None else value)' "$file" "$@" 2>/dev/null
}
e2e_no_txt() {
    if grep -l '"type":16' "${e2e_state:-state}"/journal/* 2>/dev/null; then complain "a TXT record of $1 is in the journal"; fi
    [ -z "$running" ] ||
        is "TXT at _acme-challenge.$1" '' "$(dig "@$at" -p 5300 "_acme-challenge.$1" TXT +short +tries=1 +time=5)"
}
e2e_mark() { marked=$(pebble_count "$server"); }
e2e_asked() {
    grep -e '-> calling handler' "$server/log" | tail -n "+$((marked + 1))" |
        sed 's/^.*[0-9] \([A-Z]* [^ ]*\) -> .*/\1/' | sort | uniq -c | sed 's/^ *//'
}
