#!/bin/bash
# The part of systemd-qemu that runs in the guest, see lib/units.sh.
e2e=$(dirname "$(readlink -f "$0")")
. "$e2e/lib/verdict.sh"
. "$e2e/lib/units.sh"

status() { # KEY
    ramzswap status --name swap0 --json | tr ',' '\n' | sed -n "s/^.*\"$1\": *\"*\([^\"}]*\)\"*.*/\1/p"
}

is_probe_on() {
    [ "$(status slot_probe)" = on ]
}

has_freed() { # SLOTS
    [ "$(status freed_slots)" -ge "$1" ]
}

is_empty_but_for() { # SLOTS
    [ $(($(status orig_data_size) / 4096)) -le "$1" ]
}

load() {
    must 'the load is verified' "${hog_in_cgroup[@]}" 1000
    must 'what it had is free' await 10 is_empty_but_for 500
}

check_sandbox() {
    must 'its system calls are filtered' grep -q 'Seccomp:[[:space:]]*2' "/proc/$(property "$daemon" MainPID)/status"
    figure capabilities "$(sed -n 's/^CapBnd:[[:space:]]*0*//p' "/proc/$(property "$daemon" MainPID)/status")"
}

# What it waits for, should it hang.
while sleep 60; do
    systemctl --no-pager list-jobs
done &

install
modprobe nbd nbds_max=2
must 'start' systemctl start "$swap"
must 'swap is on' await 60 is_swapping yes
must 'the kernel says what is free' await 60 is_probe_on
check_sandbox
load
must 'freed slots are counted' has_freed 500
figure freed "$(status freed_slots)"

# What is freed while nobody looks is not lost either.
"${hog_in_cgroup[@]}" 0 &
load=$!
must 'pages are in swap' await 60 is_in_use 20000
must 'kill' systemctl kill --signal=KILL "$daemon"
kill -TERM "$load"
must 'the load was verified' wait "$load"
must 'the other daemon serves' await 60 serves "$standby"
must 'the kernel says it to that, too' await 60 is_probe_on
must 'what it had is free' await 20 is_empty_but_for 500
figure stored $(($(status orig_data_size) / 4096))
figure used "$(status used_slots)"
load
figure pswpout "$(vmstat pswpout)"
must 'stop' systemctl stop "$swap"
must 'swap is off' is_swapping no
must 'nothing is left of the probe' [ -z "$(find /sys/fs/bpf -name '*swap0*')" ]
echo "FIGURES$figures"
echo ENDED
systemctl --no-block poweroff
