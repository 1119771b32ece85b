#!/bin/bash
# The first process of the guest, whose root is the host's tree, read-only. Makes the places that programs write to,
# runs the scenario named by E2E_SCENARIO, whose times are those of a machine E2E_SLOWNESS times as fast, for E2E_LIMIT
# seconds at most, and ends the machine. There is no nbd without E2E_MODULES, where it lies. Says to the host, on the console:
#
#   FIGURES key=value ...   the scenario's one line
#   FAILED why              once for each check that failed
#   ENDED                   the scenario ran to its end
#
# Whatever the daemon and this file need lies in ramfs, which is never swapped; tmpfs is.
set -u
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C RAMZSWAP_BUILD=no
e2e=$(dirname "$(readlink -f "$0")")
repository=${e2e%/*}

mount_all() {
    mount -t proc proc /proc
    mount -t sysfs sysfs /sys
    mount -t bpf bpf /sys/fs/bpf 2>/dev/null # none in User-Mode Linux
    mountpoint -q /dev || mount -t devtmpfs devtmpfs /dev
    mount -t ramfs ramfs /run
    # The repository may lie below /tmp.
    mkdir /run/repository /run/ram
    mount --bind "$repository" /run/repository
    mount -t ramfs ramfs /tmp
    mkdir -p "$repository"
    mount --bind /run/repository "$repository"
    mount -t cgroup2 -o memory_recursiveprot cgroup2 /sys/fs/cgroup && echo +memory >/sys/fs/cgroup/cgroup.subtree_control
}

set_kernel() {
    dmesg -n 4
    # A module that is asked for on the way (IPv6 by Java) would start a program that waits for swap.
    echo >/proc/sys/kernel/modprobe
    echo 32768 >/proc/sys/vm/min_free_kbytes
    echo 0 >/proc/sys/vm/page-cluster
    echo 0 >/proc/sys/vm/watermark_boost_factor
    ip link set lo up
    [ -z "${E2E_MODULES:-}" ] || insmod "$E2E_MODULES"/kernel/drivers/block/nbd.ko* nbds_max=2
}

if [ -z "${LD_PRELOAD:-}" ]; then
    mount_all
    # Locked from here on: see lock.c. The programs that it starts are not.
    LD_PRELOAD=$e2e/target/lock.so exec /bin/bash "$0"
fi
unset LD_PRELOAD
trap 'echo o >/proc/sysrq-trigger; sleep 5' EXIT
set_kernel
. "$e2e/lib/verdict.sh"
. "$e2e/lib/guard.sh"
. "$e2e/lib/device.sh"
. "$e2e/lib/load.sh"
. "$e2e/lib/standby.sh"
. "$e2e/lib/comparison.sh"
. "$e2e/lib/dead.sh"
# shellcheck source=/dev/null
. "$e2e/$E2E_SCENARIO"
"$e2e/target/watchdog" "$E2E_LIMIT" &
echo -1000 >/proc/$!/oom_score_adj

start=$(now)
scenario
[ -z "${daemon:-}" ] || stop_daemon
figure seconds "$(since "$start")"
figure swapoff "$swapoff_seconds"
load_figures
[ ! -e /run/status.json ] || check_counters
check_kernel_messages
echo "FIGURES$figures"
echo ENDED
