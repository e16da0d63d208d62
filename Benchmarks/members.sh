# shellcheck shell=bash
# Rows of whole members: what they keep in memory, and how soon they are back. Sourced, never run.

connections_held=800

row_memory() {
    local pid idle
    step "Memory of an idle member, of its connections, and of revocations"
    start_member idle "$(bench_port 6)"
    pid="${pids[idle]}"
    sleep 5 # what starting needed and no longer does may be given back
    idle="$(resident_kibibytes "$pid")"
    limit "memory of an idle member" "$(divide "$idle" 1024 1)" MiB at-most 40
    if install_missing python3; then connections_row "$pid"; else cannot "memory of idle TLS connections: no python3 to hold them"; fi
    stop_server idle
    limit "memory of each of 1,000,000 revocations" "$("$verification" memory 1000000)" bytes at-most 100
}

# The first few bring along what all share; only the others are counted.
connections_row() { # pid
    local before after said
    coproc holder { exec python3 Benchmarks/hold_connections.py "$(bench_port 6)" 50 "$connections_held"; }
    read -r said <&"${holder[0]}" && [ "$said" = few ] || { cannot "memory of idle TLS connections: they could not be opened" && return 0; }
    before="$(resident_kibibytes "$1")"
    printf 'go on\n' >&"${holder[1]}"
    read -r said <&"${holder[0]}" && [ "$said" = all ] || { cannot "memory of idle TLS connections: not all could be opened" && return 0; }
    sleep 2
    after="$(resident_kibibytes "$1")"
    printf 'end\n' >&"${holder[1]}"
    limit "memory of each of $connections_held idle TLS connections" "$(divide $((after - before)) "$connections_held" 1)" KiB at-most 20
}

row_restart() {
    local count=1000000 begun ended
    step "Loading $count revocations, and starting a member that has them"
    limit "loading $count revocations from rows: s of CPU" "$("$verification" load "$count" | awk '{ printf "%.2f", $1 }')" s
    # 22 digits with two bits used of the last one: ids as the cluster makes them.
    openssl rand $((count * 21 / 4 * 3)) | base64 -w 21 | tr '+/' '-_' | sed 's/$/A/' >"$work/ids"
    start_member large "$(bench_port 7)"
    ask_member large revoke tokens "$work/ids" --reason "a benchmark" 2>"$work/revoke.out" || {
        cannot "restart: the revocations were not taken: $(tail -n 1 "$work/revoke.out")"
        return 0
    }
    say "$(tail -n 1 "$work/revoke.out")"
    stop_server large
    begun="${EPOCHREALTIME/[.,]/}"
    start_member large "$(bench_port 7)"
    ended="${EPOCHREALTIME/[.,]/}"
    limit "from start to ready with $count revocations" "$(divide $((ended - begun)) 1000000 2)" s at-most 2
    say "The member has $(divide "$(resident_kibibytes "${pids[large]}")" 1024 0) MiB of memory"
    stop_server large
}
