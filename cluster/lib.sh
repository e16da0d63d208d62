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

if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi

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
# For the Debian package.
package_packages=(dpkg-dev binutils chrpath xz-utils lintian man-db curl openssl)

need_swift() {
    local version
    command -v swift >/dev/null 2>&1 ||
        fail "Swift is not installed: install Swift 6.3 or later (https://www.swift.org/install/linux/), then run this again."
    version="$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)"
    [ "$(printf '%s\n' 6.3 "${version:-0}" | sort -V | head -n 1)" = 6.3 ] ||
        fail "Swift ${version:-of unknown version} is too old: install Swift 6.3 or later (https://www.swift.org/install/linux/), then run this again."
}

# What runs here is what is shipped: linked with the runtime of Swift, which Debian has not. Everything is built this one way,
# since a build with other flags would make all of it anew.
build_release() { # product...
    local product
    for product in "$@"; do swift build -c release --static-swift-stdlib --product "$product"; done
}

is_installed() { # package
    dpkg-query --show --showformat='${Status}' "$1" 2>/dev/null | grep -q 'install ok installed'
}

# Sets as_root to what makes a command root's; answers 1 when nothing does.
find_root() {
    as_root=()
    [ "$(id -u)" != 0 ] || return 0
    command -v sudo >/dev/null 2>&1 && { [ -t 0 ] || sudo -n true 2>/dev/null; } || return 1
    as_root=(sudo)
}

# Installs those of the named packages that are missing. Answers 1, after one line that says so, when it could not.
install_missing() { # package...
    local package missing=() as_root
    command -v dpkg-query >/dev/null 2>&1 || {
        say "This is no Debian, so nothing is installed by itself; needed are what Debian calls: $*"
        return 0
    }
    for package in "$@"; do is_installed "$package" || missing+=("$package"); done
    [ "${#missing[@]}" -gt 0 ] || return 0

    find_root || {
        say "Could not install ${missing[*]}: not root, and no sudo. As root: apt-get install ${missing[*]}"
        return 1
    }
    say "Installing ${missing[*]}"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" && return 0
    say "The package lists may be old; updating them and trying once more"
    "${as_root[@]}" apt-get update &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" && return 0
    say "Could not install ${missing[*]}: apt-get failed, its reason is above"
    return 1
}

# As install_missing, for a package that would also start a service: only its program is wanted, and on a developer's own
# machine its port may be another's. Debian asks policy-rc.d before it starts anything.
install_program() { # package service
    local policy=/usr/sbin/policy-rc.d made=false status=0 as_root
    if is_installed "$1"; then return 0; fi
    if [ ! -e "$policy" ] && find_root; then
        printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" sh -c "cat >$policy && chmod 755 $policy" && made=true
    fi
    install_missing "$1" || status=1
    if $made; then "${as_root[@]}" rm -f "$policy"; fi
    # Not at the next start of the machine either.
    if [ "$status" = 0 ] && [ -d /run/systemd/system ] && find_root; then "${as_root[@]}" systemctl disable --quiet "$2" || true; fi
    return "$status"
}

require_packages() { install_missing "$@" || exit 1; }

# ---------------------------------------------------------------- members of the local cluster

member_name() { printf 'm%s' "$1"; }
member_port() { printf '%s' "$((first_port + $1 - 1))"; }
# In clear, for proxies on this machine.
member_loopback_port() { printf '%s' "$((first_port + 9 + $1))"; }
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
