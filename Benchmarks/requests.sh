# shellcheck shell=bash
# Rows of requests over the network: verification beside servers that answer a constant, and handshakes. Sourced, never run.

# The request that wrk sends is padded to the same size on all sides.
prepare_request() {
    [ -z "${padding-}" ] || return 0
    local head padding_bytes
    head="$(printf 'GET /auth/verify HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nAuthorization: Bearer %s\r\nX-Padding: \r\n\r\n.' "$first_bench_port" "$token")"
    padding_bytes=$((request_bytes - ${#head} + 1))
    if [ "$padding_bytes" -gt 0 ]; then
        padding="$(printf '%*s' "$padding_bytes" '' | tr ' ' x)"
    else
        padding=x request_bytes=${#head} # one padding byte stands where the head above has its closing dot
    fi
}

# Prints: requests, microseconds of processor time, seconds
round() { # side
    local before after report
    before="$(cpu_microseconds "${pids[$1]}")"
    report="$(taskset -c "$load_cpus" wrk --threads 1 --connections "$connections" --duration "${seconds}s" \
        -H "Authorization: Bearer $token" -H "X-Padding: $padding" "${url[$1]}")"
    after="$(cpu_microseconds "${pids[$1]}")"
    if grep -q -E 'Non-2xx|Socket errors' <<<"$report"; then
        say "$report" >&2
        fail "some requests failed; the report of wrk is above"
    fi
    sed -n -E 's/^ *([0-9]+) requests in ([0-9.]+)s.*/\1 \2/p' <<<"$report" | {
        read -r requests took
        printf '%s %s %s\n' "$requests" "$((after - before))" "$took"
    }
}

# By turns, all sides warm before anything counts. Leaves "side requests microseconds seconds" in $work/rounds.
rounds_of() { # side...
    local side number
    prepare_request
    step "$rounds rounds of $seconds s each, by turns; $connections keep-alive connections, requests of $request_bytes bytes: $*"
    for side in "$@"; do
        answer "$side" --output "$work/body.$side" --dump-header "$work/head.$side"
        cmp "$work/body" "$work/body.$side" || fail "the body of $side differs"
        say "$side answers with $(wc -c <"$work/head.$side") bytes of head and $(wc -c <"$work/body.$side") bytes of body"
        round "$side" >/dev/null
    done
    : >"$work/rounds"
    for number in $(seq "$rounds"); do
        for side in "$@"; do
            printf '%s %s\n' "$side" "$(round "$side")" >>"$work/rounds"
            tail -n 1 "$work/rounds" | awk -v n="$number" '{ printf "round %d  %-14s %9.0f requests/s %7.2f us CPU per request\n", n, $1, $2 / $4, $3 / $2 }'
        done
    done
}

requests_each_second() { # side
    awk -v side="$1" '$1 == side { requests += $2; took += $4 } END { printf "%.0f", requests / took }' "$work/rounds"
}

cpu_each_request() { # side
    awk -v side="$1" '$1 == side { requests += $2; cpu += $3 } END { printf "%.2f", cpu / requests }' "$work/rounds"
}

row_tls() {
    local sides=(credence)
    need_credence
    if wants tls; then need_nginx && sides+=(nginx); fi
    if wants hummingbird; then
        if need_hummingbird; then sides+=(hummingbird); else cannot "hummingbird: it could not be built"; fi
    fi
    [ "${#sides[@]}" -gt 1 ] || return 0
    rounds_of "${sides[@]}"
    if [ -n "${pids[nginx]-}" ] && wants tls; then
        compare "/auth/verify over TLS, cached: us of CPU each" "$(cpu_each_request credence)" nginx "$(cpu_each_request nginx)" at-most 1.0
    fi
    if [ -n "${pids[hummingbird]-}" ]; then
        compare "/auth/verify over TLS, cached: requests/s" "$(requests_each_second credence)" Hummingbird "$(requests_each_second hummingbird)" at-least 4
    fi
}

row_loopback() {
    need_nginx
    rounds_of credence-clear nginx-clear
    compare "/auth/verify in clear on loopback: requests/s" "$(requests_each_second credence-clear)" nginx "$(requests_each_second nginx-clear)" at-least 0.9
}

# Prints handshakes in a second of the server's processor time. Each connection asks for one page: only then has the
# server certainly read the client's certificate.
handshakes() { # side port path
    local before after report count
    before="$(cpu_microseconds "${pids[$1]}")"
    report="$(taskset -c "$load_cpus" openssl s_time -connect "127.0.0.1:$2" -new -tls1_3 -time "$seconds" -www "$3" \
        -cert "$work/client.crt" -key "$work/client.key" 2>&1)" || { say "$report" >&2 && return 1; }
    after="$(cpu_microseconds "${pids[$1]}")"
    count="$(sed -n -E 's/^([0-9]+) connections in [0-9]+ real seconds, [1-9][0-9]* bytes.*/\1/p' <<<"$report" | head -n 1)"
    [ -n "$count" ] || { say "$report" >&2 && return 1; }
    awk -v count="$count" -v used="$((after - before))" 'BEGIN { printf "%.0f\n", count * 1000000 / used }'
}

row_handshakes() {
    need_nginx
    local number side path port ours theirs
    step "$rounds rounds of $seconds s each, by turns: new TLS 1.3 connections with a client certificate, one request each"
    for number in $(seq "$rounds"); do
        for side in credence nginx; do
            if [ "$side" = credence ]; then port="$(bench_port 0)" path=/healthz; else port="$(bench_port 4)" path=/; fi
            handshakes "$side" "$port" "$path" >>"$work/handshakes.$side" || { cannot "handshakes: openssl s_time failed against $side" && return 0; }
            say "round $number  $side $(tail -n 1 "$work/handshakes.$side") handshakes in a second of CPU"
        done
    done
    ours="$(median <"$work/handshakes.credence")" theirs="$(median <"$work/handshakes.nginx")"
    compare "TLS handshakes with a client certificate: each second of CPU" "$ours" nginx "$theirs" at-least 0.9
}
