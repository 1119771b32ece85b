#!/bin/bash
# The part of systemd-guest that runs in the guest, as a service. Says FAILED, FIGURES and ENDED on the console.
#
#   systemd-guest.sh FILE.deb HOG
set -u
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/root
deb=$1
hog=$2
swap=ramzswap-swap@swap0.service
daemon=ramzswap@swap0.service

check() { # WHAT COMMAND...
    local what=$1
    shift
    echo "$what"
    "$@" || echo "FAILED $what"
}

property() { # UNIT NAME
    systemctl show --value -p "$2" "$1"
}

vmstat() { # NAME
    awk -v name="$1" '$1 == name { print $2 }' /proc/vmstat
}

used() { # KiB of swap
    awk '/nbd/ { kib = $4 } END { print kib + 0 }' /proc/swaps
}

install() {
    check 'install' dpkg --no-triggers -i "$deb"
    # So small a machine wants a small device.
    sed -i 's/^size = .*/size = 512M/' /etc/ramzswap/swap0.conf
}

is_swapping() { # YES-OR-NO
    if grep -q '^/dev/nbd' /proc/swaps; then [ "$1" = yes ]; else [ "$1" = no ]; fi
}

# From a unit's start to READY, in milliseconds.
ready_millis() {
    echo $((($(property "$daemon" ActiveEnterTimestampMonotonic) - $(property "$daemon" ExecMainStartTimestampMonotonic)) / 1000))
}

check_guard() {
    local pid status
    pid=$(property "$daemon" MainPID)
    status=$(cat "/proc/$pid/status")
    check 'nothing of the daemon is swapped out' grep -q 'VmSwap:[[:space:]]*0 kB' <<<"$status"
    check 'the daemon is locked' grep -q 'VmLck:[[:space:]]*[1-9]' <<<"$status"
    check 'the OOM killer spares it' grep -qx -- -1000 "/proc/$pid/oom_score_adj"
    check 'its cgroup has no swap' grep -qx 0 "/sys/fs/cgroup/system.slice/system-ramzswap.slice/$daemon/memory.swap.max"
    check 'it is sandboxed' grep -q 'Seccomp:[[:space:]]*2' <<<"$status"
    # Bits 0x180000 of the flags, field 9 of stat: counted from the end of the name, which may hold spaces.
    check 'every thread is an I/O flusher' awk '{ sub(/.*\) /, ""); if (int($7 / 524288) % 4 != 3) { print; exit 1 } }' \
        "/proc/$pid/task/"*/stat
    resident=$(awk '/VmRSS/ { print int($2 / 1024) }' <<<"$status")
}

# A program with more pages than its cgroup may keep in memory.
hog() { # MB OPS
    systemd-run --quiet --scope -p MemoryMax=64M -p TimeoutStopSec=5 "$hog" "$@"
}

load() {
    check 'the load is verified' hog 96 1000
    check 'pages were swapped out' [ "$(vmstat pswpout)" -gt 5000 ]
}

install
check 'enable' systemctl enable --now "$swap"
check 'swap is on' is_swapping yes
check 'the daemon says what it serves' grep -q swap0 <<<"$(property "$daemon" StatusText)"
check 'page-cluster is set' grep -qx 0 /proc/sys/vm/page-cluster
ready=$(ready_millis)
load
check_guard
figures="ready_ms=$ready resident_mb=$resident pswpout=$(vmstat pswpout) pswpin=$(vmstat pswpin)"

check 'disable' systemctl disable --now "$swap"
check 'swap is off' is_swapping no
check 'the daemon has ended' [ "$(property "$daemon" ActiveState)" = inactive ]
check 'the daemon ended well' [ "$(property "$daemon" Result)" = success ]

check 'start' systemctl start "$swap"
check 'purge under live swap' dpkg --no-triggers --purge ramzswap
check 'swap is off after the purge' is_swapping no
check 'the program is gone' [ ! -e /usr/bin/ramzswap ]
check 'backing files are gone' [ ! -e /var/lib/ramzswap ]

install
check 'enable again' systemctl enable --now "$swap"
# What stays swapped out until the end.
hog 128 0 &
tries=60
until [ "$(used)" -gt 50000 ] || [ $((tries -= 1)) = 0 ]; do
    sleep 1
done
check 'swap is in use at the end' [ "$(used)" -gt 50000 ]
echo "FIGURES $figures"
echo ENDED
systemctl --no-block poweroff
