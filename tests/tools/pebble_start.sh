# shellcheck shell=sh disable=SC2034 # what it sets is for those who source it
# SPDX-License-Identifier: Apache-2.0
# pebble_start.sh - functions that run a Pebble on loopback; to be sourced.
#
#     . tests/tools/pebble_start.sh
#     pebble_start FOLDER [ARGUMENT OF PEBBLE]...
#         starts it on free ports with a TLS certificate of its own and waits until it answers.
#         FOLDER is made and receives ca.pem (what trusts it), directory (its URL), management,
#         pid, config.json and log. Sets pebble_url, pebble_ca, pebble_management, pebble_pid and
#         pebble_log. Status 1, with the end of its log on stderr, when it does not come up.
#     pebble_root FOLDER FILE [N]      the PEM of its Nth root (0) into FILE: what chains end in
#     pebble_count FOLDER [WORD]       how many requests it was asked so far (whose log line has WORD)
#     pebble_stop FOLDER               ends it and waits for its end; nothing when it is not running
#
# What it takes from the environment, all optional:
#     pebble_bin        the program (pebble)
#     pebble_address    where it listens (127.0.0.1)
#     pebble_port       of the directory; the management has the next one (any two that are free)
#     pebble_dns        HOST:PORT of the resolver that it validates with (the system's)
#     pebble_http_port  where it looks for http-01 (5002)
#     pebble_tls_port   where it looks for tls-alpn-01 (5001)
#     pebble_eab        "KID MAC" (MAC in base64url): accounts must be bound to it
#     pebble_json       more members of its configuration, as in '"retryAfter": {"order": 1},'
# and everything that Pebble itself reads: PEBBLE_VA_ALWAYS_VALID=1, PEBBLE_VA_NOSLEEP=1,
# PEBBLE_WFE_NONCEREJECT=0, PEBBLE_AUTHZREUSE=0, ... Needs openssl and nothing else.

# pebble_random: a port out of 20000 ... 31999, below those that connections take.
pebble_random() {
    echo $((20000 + $(od -An -N2 -tu2 /dev/urandom) % 6000 * 2))
}

# pebble_certificate FOLDER ADDRESS: its TLS certificate, which is its own authority.
pebble_certificate() {
    [ -s "$1/ca.pem" ] && [ -s "$1/key.pem" ] && return
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj '/CN=pebble test' \
        -addext "subjectAltName=IP:$2,DNS:localhost" -keyout "$1/key.pem" -out "$1/ca.pem" 2>"$1/openssl.log"
}

# pebble_config FOLDER ADDRESS PORT: prints config.json.
pebble_config() {
    eab='"externalAccountBindingRequired": false'
    if [ -n "${pebble_eab:-}" ]; then
        eab="\"externalAccountBindingRequired\": true,
    \"externalAccountMACKeys\": {\"${pebble_eab%% *}\": \"${pebble_eab#* }\"}"
    fi
    cat <<END
{"pebble": {
    "listenAddress": "$2:$3",
    "managementListenAddress": "$2:$(($3 + 1))",
    "certificate": "$1/ca.pem",
    "privateKey": "$1/key.pem",
    "httpPort": ${pebble_http_port:-5002},
    "tlsPort": ${pebble_tls_port:-5001},
    "ocspResponderURL": "",
    ${pebble_json:-}
    $eab
}}
END
}

# pebble_answers FOLDER URL: does a server with this folder's certificate answer there?
pebble_answers() {
    host=${2#https://}
    host=${host%%/*}
    openssl s_client -connect "$host" -CAfile "$1/ca.pem" -verify_return_error -brief \
        </dev/null >/dev/null 2>&1
}

# pebble_once FOLDER ADDRESS PORT [ARGUMENT]...: one try; 1: it ended, 2: it never answered.
pebble_once() {
    folder=$1 address=$2 port=$3
    shift 3
    pebble_config "$folder" "$address" "$port" >"$folder/config.json"
    "${pebble_bin:-pebble}" -config "$folder/config.json" ${pebble_dns:+-dnsserver "$pebble_dns"} "$@" \
        >"$folder/log" 2>&1 </dev/null &
    pebble_pid=$!
    tries=0
    while [ $tries -lt 200 ]; do
        kill -0 "$pebble_pid" 2>/dev/null || return 1
        if pebble_answers "$folder" "https://$address:$port/" &&
            pebble_answers "$folder" "https://$address:$((port + 1))/" &&
            kill -0 "$pebble_pid" 2>/dev/null; then
            echo "$pebble_pid" >"$folder/pid"
            return 0
        fi
        sleep 0.05
        tries=$((tries + 1))
    done
    kill "$pebble_pid" 2>/dev/null
    wait "$pebble_pid" 2>/dev/null
    return 2
}

pebble_start() {
    mkdir -p "$1" || return 1
    pebble_folder=$(cd "$1" && pwd) || return 1
    shift
    if ! command -v "${pebble_bin:-pebble}" >/dev/null 2>&1; then
        echo "pebble_start: there is no ${pebble_bin:-pebble}; apt-get install pebble" >&2
        return 1
    fi
    if ! pebble_certificate "$pebble_folder" "${pebble_address:-127.0.0.1}"; then
        cat "$pebble_folder/openssl.log" >&2
        return 1
    fi
    attempt=0
    while [ $attempt -lt 10 ]; do
        chosen=${pebble_port:-$(pebble_random)}
        if pebble_once "$pebble_folder" "${pebble_address:-127.0.0.1}" "$chosen" "$@"; then
            pebble_url="https://${pebble_address:-127.0.0.1}:$chosen/dir"
            pebble_management="https://${pebble_address:-127.0.0.1}:$((chosen + 1))"
            pebble_ca=$pebble_folder/ca.pem
            pebble_log=$pebble_folder/log
            echo "$pebble_url" >"$pebble_folder/directory"
            echo "$pebble_management" >"$pebble_folder/management"
            return 0
        fi
        wait "$pebble_pid" 2>/dev/null || true
        # Only a port that somebody else has is worth another try.
        [ -z "${pebble_port:-}" ] || break
        grep -q 'address already in use' "$pebble_folder/log" || break
        attempt=$((attempt + 1))
    done
    echo "pebble_start: ${pebble_bin:-pebble} did not come up:" >&2
    tail -n 20 "$pebble_folder/log" >&2
    return 1
}

pebble_root() {
    host=$(cat "$1/management")
    host=${host#https://}
    printf 'GET /roots/%s HTTP/1.0\r\nHost: %s\r\n\r\n' "${3:-0}" "$host" |
        openssl s_client -quiet -connect "$host" -CAfile "$1/ca.pem" -verify_return_error 2>/dev/null |
        sed -n '/^-----BEGIN CERTIFICATE-----/,/^-----END CERTIFICATE-----/p' >"$2"
    if ! [ -s "$2" ]; then
        echo "pebble_root: $host gave no root" >&2
        return 1
    fi
}

pebble_count() {
    grep -e '-> calling handler' "$1/log" | grep -c -e "${2:-.}" || true
}

pebble_stop() {
    [ -s "$1/pid" ] || return 0
    stopped=$(cat "$1/pid")
    rm -f "$1/pid"
    kill "$stopped" 2>/dev/null || return 0
    wait "$stopped" 2>/dev/null || true
    # Not a child of this shell: its end can only be looked for.
    tries=0
    while kill -0 "$stopped" 2>/dev/null && [ $tries -lt 100 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    return 0
}
