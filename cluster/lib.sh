# shellcheck shell=bash
# What up, down, test and bench share. Sourced, never run.
# shellcheck disable=SC2034 # the names below are for those who source this

# Everything happens from the top of the repository, so that the paths that are printed stay short,
# and so that a Unix socket's path fits its 107 bytes wherever the repository lies.
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

credence=.build/release/credence
run_directory=cluster/run
member_numbers=(1 2 3)

# The first port; member N listens on the N-th from there.
first_port="${CREDENCE_FIRST_PORT:-8441}"
listen_host="${CREDENCE_LISTEN_HOST:-127.0.0.1}"

if [ -t 1 ]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi

step() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
say() { printf '%s\n' "$*"; }

fail() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# ---------------------------------------------------------------- what the machine must have

build_packages=(libuv1-dev libssl-dev libsqlite3-dev libsodium-dev pkg-config git)
run_packages=(curl jq openssl)
# For faults of networks and clocks; without them these faults are left out.
chaos_packages=(iproute2 nftables faketime)

need_swift() {
    local version
    command -v swift >/dev/null 2>&1 ||
        fail "Swift is not installed: install Swift 6.3 or later (https://www.swift.org/install/linux/), then run this again."
    version="$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)"
    [ "$(printf '%s\n' 6.3 "${version:-0}" | sort -V | head -n 1)" = 6.3 ] ||
        fail "Swift ${version:-of unknown version} is too old: install Swift 6.3 or later (https://www.swift.org/install/linux/), then run this again."
}

is_installed() { # package
    dpkg-query --show --showformat='${Status}' "$1" 2>/dev/null | grep -q 'install ok installed'
}

# Installs those of the named packages that are missing. Answers 1, after one line that says so, when it could not.
install_missing() { # package...
    local package missing=() as_root=()
    command -v dpkg-query >/dev/null 2>&1 || {
        say "This is no Debian, so nothing is installed by itself; needed are what Debian calls: $*"
        return 0
    }
    for package in "$@"; do is_installed "$package" || missing+=("$package"); done
    [ "${#missing[@]}" -gt 0 ] || return 0

    if [ "$(id -u)" != 0 ]; then
        if command -v sudo >/dev/null 2>&1 && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
            as_root=(sudo)
        else
            say "Could not install ${missing[*]}: not root, and no sudo. As root: apt-get install ${missing[*]}"
            return 1
        fi
    fi
    say "Installing ${missing[*]}"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" && return 0
    say "The package lists may be old; updating them and trying once more"
    "${as_root[@]}" apt-get update &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" && return 0
    say "Could not install ${missing[*]}: apt-get failed, its reason is above"
    return 1
}

require_packages() { install_missing "$@" || exit 1; }

# ---------------------------------------------------------------- members of the local cluster

member_name() { printf 'm%s' "$1"; }
member_port() { printf '%s' "$((first_port + $1 - 1))"; }
member_address() { printf '%s:%s' "$listen_host" "$(member_port "$1")"; }
member_data() { printf '%s/m%s' "$run_directory" "$1"; }
member_log() { printf '%s/m%s.log' "$run_directory" "$1"; }
member_pid_file() { printf '%s/m%s.pid' "$run_directory" "$1"; }

# When the process started, in clock ticks since boot: with its id, a name that is never given twice.
process_start() { # pid
    local stat fields
    stat="$(cat "/proc/$1/stat" 2>/dev/null)" || return 1
    read -ra fields <<<"${stat##*) }" # what follows the command's name, which may itself hold spaces
    [ "${fields[0]}" != Z ] || return 1
    printf '%s' "${fields[19]}"
}

remember_process() { # member pid
    printf '%s %s\n' "$2" "$(process_start "$2")" >"$(member_pid_file "$1")"
}

# Prints the process id of a member that this folder started and that still runs; answers 1 otherwise.
running_pid() { # member
    local pid start
    read -r pid start 2>/dev/null <"$(member_pid_file "$1")" || return 1
    [ -n "$start" ] && [ "$(process_start "$pid")" = "$start" ] || return 1
    printf '%s' "$pid"
}

running_members() {
    local number
    for number in "${member_numbers[@]}"; do
        if running_pid "$number" >/dev/null; then printf '%s\n' "$number"; fi
    done
}
