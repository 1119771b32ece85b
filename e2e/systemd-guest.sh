#!/bin/bash
# The part of systemd-guest that runs in the guest, as a service. Says FAILED, FIGURES and ENDED on the console.
#
#   systemd-guest.sh FILE.deb HOG
set -u
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/root
e2e=$(dirname "$(readlink -f "$0")")
. "$e2e/lib/verdict.sh"
. "$e2e/lib/guard.sh"
deb=$1
hog=$2
swap=ramzswap-swap@swap0.service
daemon=ramzswap@swap0.service
standby=ramzswap-standby@swap0.service

must() { # WHAT COMMAND...
    local what=$1
    shift
    echo "$what"
    "$@" || {
        fail "$what"
        journalctl --no-pager -b -o cat -u 'ramzswap*' | tail -30
    }
}

property() { # UNIT NAME
    systemctl show --value -p "$2" "$1"
}

install() {
    must 'install' dpkg --no-triggers -i "$deb"
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

check_unit() {
    local pid
    pid=$(property "$daemon" MainPID)
    check_guard "$pid"
    local group=/sys/fs/cgroup/ramzswap.slice/$daemon
    must 'its cgroup has no swap' grep -qx 0 "$group/memory.swap.max"
    must 'its cgroup keeps its memory' [ "$(cat "$group/memory.min" "$group/../memory.min" | sort -n | head -1)" -gt 0 ]
    must 'it is sandboxed' grep -q 'Seccomp:[[:space:]]*2' "/proc/$pid/status"
    must 'it can ask for the OOM killer' [ -n "$(find "/proc/$pid/fd" -lname /proc/sysrq-trigger)" ]
    figure resident_mb "$(awk '/VmRSS/ { print int($2 / 1024) }' "/proc/$pid/status")"
}

load() {
    # A program with more pages than its cgroup may keep in memory.
    must 'the load is verified' systemd-run --quiet --scope -p MemoryMax=64M "$hog" 96 1000
    must 'pages were swapped out' [ "$(vmstat pswpout)" -gt 5000 ]
}

# The package is installed once more, as for an upgrade, which restarts both daemons; then the one that took over is killed:
# all while a program reads and writes pages in swap.
replace_daemons() {
    systemd-run --quiet --scope -p MemoryMax=64M "$hog" 96 0 &
    local load=$!
    must 'pages are in swap' await 60 is_in_use 20000
    must 'upgrade under live swap' dpkg --no-triggers -i "$deb"
    must 'the other daemon serves' await 60 serves "$standby"
    must 'kill' systemctl kill --signal=KILL "$standby"
    must 'the restarted daemon serves' await 60 serves "$daemon"
    must 'the killed daemon stands by' await 120 systemctl is-active --quiet "$standby"
    must 'the load goes on' kill -TERM "$load"
    must 'the load is verified' wait "$load"
}

is_in_use() { # KIB
    awk -v kib="$1" '/nbd/ && $4 > kib { found = 1 } END { exit !found }' /proc/swaps
}

has_ended() { # UNIT
    [ "$(property "$1" ActiveState)" = inactive ]
}

# By the word that it leaves: a command would take a minute here, beside so much swap.
serves() { # UNIT
    grep -qx "pid=$(property "$1" MainPID)" /run/ramzswap/swap0.export
}

# A second device, whose swapoff fails. Systemd has a swap unit for each name of each device, and would take it off by
# those; without their default dependencies they are left to the very end.
install_stubborn_swap() {
    local units=/etc/systemd/system
    sed 's/^size = .*/size = 256M/' /etc/ramzswap/swap0.conf >/etc/ramzswap/swap1.conf
    mkdir $units/{ramzswap-swap@swap1.service.d,ramzswap@swap1.service.d,swap.d}
    printf '[Service]\nExecStop=\nExecStop=/bin/false\n' >$units/ramzswap-swap@swap1.service.d/guest.conf
    printf '[Service]\nTimeoutStopSec=2\n' >$units/ramzswap@swap1.service.d/guest.conf
    printf '[Unit]\nDefaultDependencies=no\n' >$units/swap.d/guest.conf
    systemctl daemon-reload
}

# What systemd runs last, when it has killed all that it does not spare, and has taken swap off.
install_last_words() {
    cat >/usr/lib/systemd/system-shutdown/guest <<'END'
#!/bin/sh
echo "SPARED $(pgrep -c -x java) $(pgrep -c -x hog)" >/dev/ttyS0
echo "SWAPS $(grep -c '^/dev/nbd' /proc/swaps)" >/dev/ttyS0
END
    chmod +x /usr/lib/systemd/system-shutdown/guest
}

# Pages that stay swapped out until the end: of a process that nobody ends, in a cgroup that is not systemd's. It stops when
# it is swapped out, and may come back then.
start_spared_hog() {
    local group=/sys/fs/cgroup/hog
    mkdir $group
    echo 64M >$group/memory.max
    (
        echo "$BASHPID" >$group/cgroup.procs
        exec -a @hog "$hog" 128 0
    ) &
    must 'both devices are in use at the end' await 60 both_are_in_use
    kill -STOP $!
    echo max >$group/memory.max
}

both_are_in_use() {
    awk '/nbd/ && $4 > 20000 { count++ } END { exit count != 2 }' /proc/swaps
}

install
must 'enable' timeout 300 systemctl enable --now "$swap"
must 'swap is on' is_swapping yes
must 'the daemon says what it serves' grep -q swap0 <<<"$(property "$daemon" StatusText)"
must 'page-cluster is set' grep -qx 0 /proc/sys/vm/page-cluster
figure ready_ms "$(ready_millis)"
load
check_unit
replace_daemons
figure pswpout "$(vmstat pswpout)"
figure pswpin "$(vmstat pswpin)"

must 'disable' systemctl disable --now "$swap"
must 'swap is off' is_swapping no
for unit in "$daemon" "$standby"; do
    must "$unit has ended" await 60 has_ended "$unit"
    must "$unit ended well" [ "$(property "$unit" Result)" = success ]
done
must 'no pages are kept' [ -z "$(find /run/ramzswap/state -name '*.pool')" ]
must 'no shared memory is kept' [ "$(wc -l </proc/sysvipc/shm)" = 1 ]

# One daemon for each device is enough from here on: to start another takes half a minute without KVM.
systemctl mask --quiet "$standby" ramzswap-standby@swap1.service
must 'start' systemctl start "$swap"
must 'purge under live swap' dpkg --no-triggers --purge ramzswap
must 'swap is off after the purge' is_swapping no
must 'the program is gone' [ ! -e /usr/bin/ramzswap ]
must 'backing files are gone' [ ! -e /var/lib/ramzswap ]

install
install_stubborn_swap
install_last_words
must 'enable again' systemctl enable --now "$swap"
must 'start a second device' systemctl start ramzswap-swap@swap1.service
start_spared_hog
echo "FIGURES$figures"
echo ENDED
systemctl --no-block poweroff
