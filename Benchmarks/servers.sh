# shellcheck shell=bash
# The servers that cluster/bench puts side by side, each started when the first row needs it. Sourced, never run.
# Needs $work, $nginx and $first_bench_port.
# shellcheck disable=SC2034 # $url is read by those who source this

declare -A pids=() url=()
token=''

# Servers have the first processor, the load has the rest; on a machine with one they share it.
processors="$(nproc)"
if [ "$processors" -gt 1 ]; then server_cpus=0 load_cpus="1-$((processors - 1))"; else server_cpus=0 load_cpus=0; fi

bench_port() { # offset
    printf '%s' "$((first_bench_port + $1))"
}

stop_server() { # name
    local pid="${pids[$1]-}"
    [ -n "$pid" ] || return 0
    unset "pids[$1]"
    kill -TERM "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
}

stop_servers() {
    local name
    for name in "${!pids[@]}"; do stop_server "$name"; done
}

await() { # url what
    local deadline=$((SECONDS + 60))
    until curl --silent --insecure --fail --output /dev/null "$1"; do
        [ "$SECONDS" -lt "$deadline" ] || { cat "$work"/*.log; fail "$2 did not start; its log is above"; }
        sleep 0.02
    done
}

# Before the command of a member that only the first processor runs.
pin=()

# A member in $work/NAME, found again by that name.
start_member() { # name port serve-option...
    local name="$1" port="$2"
    shift 2
    "${pin[@]}" "$credence" serve --data "$work/$name" --name bench --listen "127.0.0.1:$port" --encrypt-keystore false \
        --save-token "$work/$name.token" "$@" >>"$work/$name.log" 2>&1 &
    pids[$name]=$!
    await "https://127.0.0.1:$port/readyz" "$name"
}

ask_member() { # name command...
    local name="$1"
    shift
    CREDENCE_ADDRESS="unix:$work/$name/credence.sock" "$credence" "$@"
}

need_credence() {
    [ -z "${pids[credence]-}" ] || return 0
    step "Starting credence with one request loop"
    local pin=(taskset -c "$server_cpus")
    start_member credence "$(bench_port 0)" --request-loops 1 --listen-loopback "$(bench_port 1)"
    url[credence]="https://127.0.0.1:$(bench_port 0)/auth/verify"
    url[credence-clear]="http://127.0.0.1:$(bench_port 1)/auth/verify"
    pids[credence-clear]="${pids[credence]}"
    token="$(ask_member credence token create --subject bench --scope read --format json | jq --raw-output .token)"
    say "The token is signed with $(cut -d . -f 1 <<<"$token" | tr -- '-_' '+/' | { base64 -d 2>/dev/null || true; } | jq --raw-output .alg) and is ${#token} bytes long"
    answer credence >"$work/body"
}

answer() { # side curl-option...
    curl --silent --insecure --fail -H "Authorization: Bearer $token" "${@:2}" "${url[$1]}"
}

need_certificates() {
    local name
    for name in server client; do
        [ -e "$work/$name.key" ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" -days 2 \
            -keyout "$work/$name.key" -out "$work/$name.crt" 2>/dev/null
    done
}

need_nginx() {
    [ -z "${pids[nginx]-}" ] || return 0
    need_credence
    need_certificates
    step "Starting nginx with one worker"
    local tls
    tls="ssl_certificate $work/server.crt; ssl_certificate_key $work/server.key; ssl_protocols TLSv1.3;"
    cat >"$work/nginx.conf" <<CONF
daemon off; master_process off; pid $work/nginx.pid; error_log $work/nginx.log;
events { worker_connections 1024; }
http {
    access_log off; keepalive_requests 1000000000; default_type application/json;
    client_body_temp_path $work/body.tmp; proxy_temp_path $work/proxy.tmp; fastcgi_temp_path $work/fastcgi.tmp;
    uwsgi_temp_path $work/uwsgi.tmp; scgi_temp_path $work/scgi.tmp;
    server { listen 127.0.0.1:$(bench_port 2) ssl; $tls location / { return 200 '$(cat "$work/body")'; } }
    server { listen 127.0.0.1:$(bench_port 3); location / { return 200 '$(cat "$work/body")'; } }
    server { listen 127.0.0.1:$(bench_port 4) ssl; $tls ssl_verify_client optional_no_ca; location / { return 200 'ok'; } }
}
CONF
    taskset -c "$server_cpus" "$nginx" -e "$work/nginx.log" -p "$work" -c "$work/nginx.conf" >"$work/nginx.out" 2>&1 &
    pids[nginx]=$!
    pids[nginx-clear]="${pids[nginx]}"
    url[nginx]="https://127.0.0.1:$(bench_port 2)/auth/verify"
    url[nginx-clear]="http://127.0.0.1:$(bench_port 3)/auth/verify"
    await "${url[nginx]}" nginx
}

# Answers 1 when it cannot be had.
need_hummingbird() {
    [ -z "${pids[hummingbird]-}" ] || return 0
    build_other ConstantServer || return 1
    need_credence
    need_certificates
    step "Starting Hummingbird on one thread"
    taskset -c "$server_cpus" Benchmarks/Others/.build/release/ConstantServer "$(bench_port 5)" \
        "$work/server.crt" "$work/server.key" "$(cat "$work/body")" >"$work/hummingbird.log" 2>&1 &
    pids[hummingbird]=$!
    url[hummingbird]="https://127.0.0.1:$(bench_port 5)/auth/verify"
    await "${url[hummingbird]}" hummingbird
}

# One of the programs around other people's libraries, in a build of its own.
build_other() { # product
    step "Building $1 of Benchmarks/Others"
    swift build --package-path Benchmarks/Others -c release --product "$1"
}

# Processor time of a whole process with all its threads, in microseconds.
cpu_microseconds() { # pid
    local stat fields
    stat="$(cat "/proc/$1/stat")"
    read -ra fields <<<"${stat##*) }"
    printf '%s' $(((fields[11] + fields[12]) * 1000000 / $(getconf CLK_TCK)))
}

resident_kibibytes() { # pid
    awk '/^VmRSS:/ { print $2 }' "/proc/$1/status"
}
