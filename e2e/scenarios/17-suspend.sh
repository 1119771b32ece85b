# Suspended under load, as far as it goes without a way to wake: all processes are frozen, the daemon with them; after 5 s all
# goes on (pm_test). Devices are left alone: the guest's tree would never answer again, since virtio's transport of 9p has no
# freeze and restore (net/9p/trans_virtio.c). The load is frozen two seconds before, so that kswapd has ended as well: each of these
# suspends succeeds. (systemd freezes users' programs from version 256 on, but does not wait.) One more without that, which the kernel may give up after 20 s: a process or kswapd waits
# for a daemon that is frozen already (docs/decisions/hibernation.md). No page is lost by that. All that is longer than the
# default request timeout, so connections may be cut, and are replaced then.
# Needs a kernel with CONFIG_PM_DEBUG.
machine=qemu
memory=560
seconds=500
allowed_messages='connection timed out|dead connection|(receive|send) .*failed|suspend debug'
users=/sys/fs/cgroup/users

scenario() {
    echo freezer >/sys/power/pm_test || die 'this kernel has no /sys/power/pm_test'
    serve --size 1G
    attach 0 swap0 --connections 2
    start_load_of_users
    local round
    for round in 1 2 3 4 5 6; do
        pause 2
        freeze_users
        suspend || fail "suspend $round: $(dmesg | grep -A 3 'refusing to freeze' | tail -3 | paste -sd ' ')"
        thaw_users
    done
    pause 2
    if suspend; then figure unprepared suspended; else figure unprepared given-up; fi
    stop_load
    allow_for_what_was_asked_again
    detach 0
}

start_load_of_users() {
    mkdir "$users"
    echo $$ >"$users/cgroup.procs"
    start_endless_load
    echo $$ >/sys/fs/cgroup/cgroup.procs
}

# And waits until what they had the kernel do is done.
freeze_users() {
    echo 1 >"$users/cgroup.freeze"
    await 60 grep -qx 'frozen 1' "$users/cgroup.events" || fail 'the load cannot be frozen'
    pause 2
}

thaw_users() {
    echo 0 >"$users/cgroup.freeze"
}

suspend() {
    echo freeze >/sys/power/state
}

# Each connection that was replaced may have owed as much as is in flight.
allow_for_what_was_asked_again() {
    local replaced
    replaced=$(dmesg | grep -c 'nbd0: reconnected socket')
    figure replaced "$replaced"
    own_pages=$((own_pages + replaced * 128 * 32))
}
