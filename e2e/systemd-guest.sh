#!/bin/bash
# The part of systemd-guest that runs in the guest, at both of its boots, see lib/units.sh. At the end of the first it says
# REBOOTING.
e2e=$(dirname "$(readlink -f "$0")")
. "$e2e/lib/verdict.sh"
. "$e2e/lib/units.sh"
. "$e2e/lib/guard.sh"

# A daemon whose JVM fails begins anew with its pages; one that fails to start does not, by the same status.
crash_and_fail() {
    must 'swapon with a state' ramzswap swapon crashing --size 64M --state-dir /run/ramzswap/own --tune
    must 'it is begun anew however often' [ "$(property ramzswap-serve-crashing.service StartLimitIntervalUSec)" = 0 ]
    local crashed
    crashed=$(pgrep -x java)
    kill -SEGV "$crashed"
    must 'the next one serves' await 60 serves_instead_of "$crashed"
    must 'it says what happened' grep -q 'it ended with status 1' /var/log/ramzswap/crashing.log
    if ramzswap swapon failing --size 64M --state-dir /run/ramzswap/own --socket /run/ramzswap/crashing.sock --tune; then
        fail 'two daemons have one socket'
    fi
    must 'it is not begun anew' has_ended ramzswap-serve-failing.service
    must 'swapoff of the next one' ramzswap swapoff crashing
    must 'that has ended, too' await 10 has_ended ramzswap-serve-crashing.service
}

serves_instead_of() { # PID
    ramzswap status crashing | grep -q serving && ! ramzswap status crashing | grep -qw "$1"
}

# Swap without a unit, from a session that ends; on a machine where somebody has the first device open.
swap_from_a_session() {
    exec {held}</dev/nbd0
    must 'swapon in a session' systemd-run --quiet --scope --unit=session-x.scope ramzswap swapon quick --size 256M --tune
    exec {held}<&-
    must 'it passed over a device that is open' grep -q '^/dev/nbd1 ' /proc/swaps
    must 'its daemon is not in the session' grep -qx 0::/ramzswap-serve-quick.service "/proc/$(pgrep -x java)/cgroup"
    must 'the session has ended' await 10 [ ! -e /sys/fs/cgroup/system.slice/session-x.scope ]
    check_guard "$(pgrep -x java)"
    must 'nobody waits for its core dump' has_no_core_dump "$(pgrep -x java)"
    # It is there until the last services have ended, and may then come back into memory.
    systemd-run --quiet --unit=late -p DefaultDependencies=no -p MemoryMax=64M "$hog" 96 0
    must 'pages are in swap' await 60 is_in_use 20000
    systemctl kill --signal=STOP late
    systemctl set-property --runtime late.service MemoryMax=infinity
}

has_no_core_dump() { # PID
    grep -q '^Max core file size  *1  *1  *bytes' "/proc/$1/limits"
}

first_boot() {
    install
    modprobe nbd nbds_max=4
    crash_and_fail
    swap_from_a_session
    must 'enable' systemctl enable --quiet "$swap"
    echo REBOOTING
    systemctl --no-block reboot
}

check_boot() {
    must 'swap is on' await 60 is_swapping yes
    must '/tmp is a tmpfs' mountpoint -q /tmp
    must 'so is that of fstab' mountpoint -q /srv
    must 'no job was deleted' [ -z "$(journalctl -b -o cat --grep 'ordering cycle' | grep -v '^-- ')" ]
    must 'the unit is active' await 60 systemctl is-active --quiet "$swap"
    must 'min_free_kbytes is set' [ "$(cat /proc/sys/vm/min_free_kbytes)" -ge 16384 ]
}

# As needrestart does it.
restart_both() {
    local start took
    start=$(now)
    must 'restart both in one job' timeout 240 systemctl restart "$daemon" "$standby"
    must 'one serves' await 60 one_serves
    must 'one stands by' await 60 one_stands_by
    took=$(since "$start")
    figure restart_both "$took"
    must 'that was soon' [ "${took%.*}" -lt $((30 * E2E_SLOWNESS)) ]
}

one_serves() {
    serves "$daemon" || serves "$standby"
}

one_stands_by() {
    [ "$(systemctl show -p StatusText "$daemon" "$standby" | grep -c 'standing by')" = 1 ]
}

check_hibernation() {
    must 'nothing hibernates to it' grep -qx AllowHibernation=no /run/systemd/sleep.conf.d/50-ramzswap.conf
    must 'hibernate' hibernate
    must 'swap was off meanwhile' [ "$(grep -c '^/dev/nbd' /run/hibernated)" = 0 ]
    must 'it is on again' await 60 grep -q '^/dev/nbd.*100$' /proc/swaps
    must 'a failure behind the swapoff ends it' does_not_hibernate ExecStartPre=/bin/false
    must 'swap is on after that' await 60 grep -q '^/dev/nbd.*100$' /proc/swaps
    printf 'header\n/dev/nbd9 partition 9999999999 9999999999 100\n' >/run/swaps
    must 'what fits nowhere ends it' does_not_hibernate Environment=RAMZSWAP_SWAPS=/run/swaps
    must 'swap stays on then' is_swapping yes
    local other
    truncate -s 16M /other
    other=$(losetup --find --show /other)
    mkswap -q "$other"
    swapon "$other"
    systemctl restart ramzswap-hibernation
    must 'the machine may hibernate to other swap' [ ! -e /run/systemd/sleep.conf.d/50-ramzswap.conf ]
    swapoff "$other"
    losetup --detach "$other"
}

# The service of systemd's with the package's drop-in. In place of the kernel's part, it leaves /run/hibernated: the swap
# that is on.
hibernate() { # LINE-OF-THE-SERVICE...
    local drop_ins=/run/systemd/system/systemd-hibernate.service.d
    rm -f /run/hibernated
    mkdir -p $drop_ins
    printf '%s\n' '[Service]' ExecStart= 'ExecStart=/bin/cp /proc/swaps /run/hibernated' "$@" >$drop_ins/zz-guest.conf
    systemctl daemon-reload
    systemctl start systemd-hibernate.service
}

does_not_hibernate() { # LINE-OF-THE-SERVICE...
    ! hibernate "$@" && [ ! -e /run/hibernated ]
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
    must 'nobody waits for its core dump' has_no_core_dump "$pid"
    must 'it is sandboxed' grep -q 'Seccomp:[[:space:]]*2' "/proc/$pid/status"
    must 'its replies do not wait for memory, or it warns' is_real_time "$pid"
    must 'it can ask for the OOM killer' [ -n "$(find "/proc/$pid/fd" -lname /proc/sysrq-trigger)" ]
    # Without the pool, which only the one of the two has that serves.
    figure resident_mb "$(awk '/RssAnon|RssFile/ { sum += $2 } END { print int(sum / 1024) }' "/proc/$pid/status")"
}

# This kernel has RT_GROUP_SCHED, by which a group may be allowed no real-time threads at all.
is_real_time() { # PID
    awk '{ sub(/.*\) /, ""); if ($39 == 2) found = 1 } END { exit !found }' "/proc/$1"/task/*/stat ||
        journalctl -b -o cat -u "$daemon" | grep -q 'replies may wait for memory'
}

# By either unit, whichever serves.
check_reload() {
    echo 'codec = zstd:1' >>/etc/ramzswap/swap0.conf
    must 'reload' systemctl reload "$daemon"
    must 'it has the codec of its file' await 60 has_codec zstd:1
    sed -i '$d' /etc/ramzswap/swap0.conf
    must 'reload both' systemctl reload "$daemon" "$standby"
    must 'it has its own codec again' await 60 has_codec lz4
}

has_codec() { # CODEC
    ramzswap status --name swap0 --json | grep -q "\"codec\": \"$1\""
}

load() {
    must 'the load is verified' "${hog_in_cgroup[@]}" 1000
    must 'pages were swapped out' [ "$(vmstat pswpout)" -gt 5000 ]
}

# The package is installed once more, as for an upgrade, which restarts both daemons; then the one that took over is killed:
# all while a program reads and writes pages in swap.
replace_daemons() {
    "${hog_in_cgroup[@]}" 0 &
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

# Pages that fit nowhere else, as far as swapoff can see: it fails, and all is as it was. The daemons are never told.
refuse_stop() {
    local pids
    "${hog_in_cgroup[@]}" 0 &
    local load=$!
    must 'pages are in swap' await 60 is_in_use 20000
    pids=$(main_pids)
    sed 's/^\(MemAvailable: *\)[0-9]*/\10/' /proc/meminfo >/run/meminfo
    mount --bind /run/meminfo /proc/meminfo
    must 'a stop is refused' is_refused systemctl stop "$swap"
    must 'the unit is active again' await 60 systemctl is-active --quiet "$swap"
    must 'and once more' is_refused systemctl stop "$swap"
    must 'it is active after that, too' await 60 systemctl is-active --quiet "$swap"
    umount /proc/meminfo
    must 'swap stays on' is_swapping yes
    must 'both daemons run on' [ "$(main_pids)" = "$pids" ]
    must 'one stands by still' one_stands_by
    must 'swapon of what is on' ramzswap swapon swap0
    must 'another priority is refused' is_refused ramzswap swapon swap0 --priority 5
    must 'the load goes on' kill -TERM "$load"
    must 'the load is verified' wait "$load"
}

is_refused() { # COMMAND...
    ! "$@"
}

main_pids() {
    property "$daemon" MainPID
    property "$standby" MainPID
}

swap_device() {
    sed -n 's|^/dev/\(nbd[0-9]*\) .*|\1|p' /proc/swaps
}

has_ended() { # UNIT
    [ "$(property "$1" ActiveState)" = inactive ]
}

# A second device, whose swapoff fails.
install_stubborn_swap() {
    local units=/etc/systemd/system unit
    sed 's/^size = .*/size = 256M/' /etc/ramzswap/swap0.conf >/etc/ramzswap/swap1.conf
    mkdir -p $units/ramzswap{-swap,,-standby}@swap1.service.d
    printf '[Service]\nExecStop=\nExecStop=/bin/false\n' >$units/ramzswap-swap@swap1.service.d/guest.conf
    for unit in ramzswap ramzswap-standby; do
        printf '[Service]\nTimeoutStopSec=2\n' >$units/$unit@swap1.service.d/guest.conf
    done
    systemctl daemon-reload
}

# Systemd has a swap unit for each name of each device, and would take the second off by those; without their default
# dependencies, they are left to the very end. Of the first, they are stopped beside our own unit, in any order.
leave_second_device() {
    local device unit
    read -r device _ </run/ramzswap/swap1.swap
    for unit in $(systemctl list-units --plain --no-legend --type=swap | cut -d ' ' -f 1); do
        [ "$(readlink -f "$(property "$unit" What)")" = "$device" ] || continue
        mkdir -p "/run/systemd/system/$unit.d"
        printf '[Unit]\nDefaultDependencies=no\n' >"/run/systemd/system/$unit.d/guest.conf"
    done
    systemctl daemon-reload
}

# What systemd runs last, when it has killed all that it does not spare, and has taken swap off.
install_last_words() {
    cat >/usr/lib/systemd/system-shutdown/guest <<'END'
#!/bin/sh
echo "SPARED $(pgrep -c -x java) $(pgrep -c -x hog)" >/dev/tty0
echo "SWAPS $(grep -c '^/dev/nbd' /proc/swaps)" >/dev/tty0
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

second_boot() {
    check_boot
    must 'the daemon says what it serves' grep -q swap0 <<<"$(property "$daemon" StatusText)$(property "$standby" StatusText)"
    must 'page-cluster is set' grep -qx 0 /proc/sys/vm/page-cluster
    figure ready_ms "$(ready_millis)"
    load
    check_unit
    replace_daemons
    restart_both
    check_reload
    figure pswpout "$(vmstat pswpout)"
    figure pswpin "$(vmstat pswpin)"
    check_hibernation
    refuse_stop
    disable
    purge
    power_off
}

disable() {
    must 'disable' systemctl disable --quiet --now "$swap"
    must 'swap is off' is_swapping no
    for unit in "$daemon" "$standby"; do
        must "$unit has ended" await 60 has_ended "$unit"
        must "$unit ended well" [ "$(property "$unit" Result)" = success ]
    done
    must 'no pages are kept' [ -z "$(find /run/ramzswap/state -name '*.pool')" ]
    must 'no shared memory is kept' [ "$(wc -l </proc/sysvipc/shm)" = 1 ]
    must 'hibernation is as it was' await 10 [ ! -e /run/systemd/sleep.conf.d/50-ramzswap.conf ]
}

purge() {
    must 'start' systemctl start "$swap"
    must 'purge under live swap' dpkg --no-triggers --purge ramzswap
    must 'swap is off after the purge' is_swapping no
    must 'the program is gone' [ ! -e /usr/bin/ramzswap ]
    must 'backing files are gone' [ ! -e /var/lib/ramzswap ]
}

power_off() {
    install
    install_stubborn_swap
    install_last_words
    must 'enable again' systemctl enable --quiet --now "$swap"
    must 'start a second device' systemctl start ramzswap-swap@swap1.service
    leave_second_device
    start_spared_hog
    echo "FIGURES$figures"
    echo ENDED
    systemctl --no-block poweroff
}

echo "FIRST-WORDS after $(now) s"
if [ -e /second ]; then
    second_boot
else
    touch /second
    first_boot
fi
