# shellcheck shell=bash
# Rows of verification in process: beside the bare algorithm, jwt-kit, and a store that is empty. Sourced, never run.

verification=.build/release/Verification

# How many signatures OpenSSL's own benchmark verifies in a second of processor time. Columns are counted from the end, by
# the heading: versions differ in how many there are.
openssl_rate() { # algorithm of openssl speed
    taskset -c "$server_cpus" openssl speed -seconds 1 "$1" 2>/dev/null | awk '
        { for (i = 1; i <= NF; i++) if ($i == "verify/s") fromEnd = NF - i; if ($NF ~ /^[0-9.]+$/) rate = $(NF - fromEnd) }
        END { printf "%.0f\n", rate }'
}

openssl_name() { # JWS algorithm
    case "$1" in ES256) say ecdsap256 ;; EdDSA) say ed25519 ;; RS256) say rsa2048 ;; esac
}

row_verify() {
    local algorithm number jwt_kit=Benchmarks/Others/.build/release/TokenVerification with_jwt_kit=false
    if wants jwt-kit; then
        if build_other TokenVerification; then with_jwt_kit=true; else cannot "jwt-kit: it could not be built"; fi
    fi
    if ! wants verify && ! $with_jwt_kit; then return 0; fi
    step "$rounds rounds, by turns: verifying tokens that nobody has seen, in one thread on processor $server_cpus"
    for algorithm in ES256 EdDSA RS256; do
        "$verification" make "$algorithm" "$work"
        for number in $(seq "$rounds"); do
            verify_round "$algorithm" "$number"
        done
        compare_verify "$algorithm"
    done
}

verify_round() { # algorithm number
    local files=("$work/$1.pem" "$work/$1.tokens") line
    taskset -c "$server_cpus" "$verification" verify "$1" "${files[@]}" 1 >>"$work/rate.$1.credence"
    line="credence $(tail -n 1 "$work/rate.$1.credence")"
    if wants verify; then
        openssl_rate "$(openssl_name "$1")" >>"$work/rate.$1.openssl"
        line+="  openssl speed $(tail -n 1 "$work/rate.$1.openssl")"
    fi
    if $with_jwt_kit; then
        taskset -c "$server_cpus" "$jwt_kit" "$1" "${files[@]}" 1 >>"$work/rate.$1.jwt-kit"
        line+="  jwt-kit $(tail -n 1 "$work/rate.$1.jwt-kit")"
    fi
    say "round $2  $1  $line"
}

compare_verify() { # algorithm
    local ours
    ours="$(median <"$work/rate.$1.credence")"
    if wants verify; then
        compare "uncached $1: verifications each second of CPU" "$ours" "openssl speed" "$(median <"$work/rate.$1.openssl")" at-least 0.9
    fi
    if $with_jwt_kit; then
        compare "uncached $1: verifications each second of CPU" "$ours" jwt-kit "$(median <"$work/rate.$1.jwt-kit")" at-least 2
    fi
}

row_growth() {
    local way empty full
    step "Verifying with 1,000,000 revocations and 100,000 certificates stored, and with none, by turns"
    taskset -c "$server_cpus" "$verification" growth 0.5 >"$work/growth"
    while read -r way empty full; do
        say "$way: empty $empty ns, full $full ns"
        compare "large store, $(tr - ' ' <<<"$way") token: ns of CPU each" "$full" empty "$empty" at-most 1.1
    done <"$work/growth"
}
