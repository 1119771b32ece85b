# Suspended under load, as far as /sys/power/pm_test lets it without a way to wake: all processes are frozen, the daemon with
# them, and devices suspended; after 5 s all goes on. The kernel may give one up after 20 s, if a process waits for a page of
# a daemon that is frozen already (docs/decisions/hibernation.md): no page is lost by that. Both are longer than the default
# request timeout, so connections may be cut, and are replaced then.
# Needs a kernel with CONFIG_PM_DEBUG.
machine=qemu
memory=560
seconds=500
allowed_messages='connection timed out|dead connection|(receive|send) .*failed'

scenario() {
    [ -e /sys/power/pm_test ] || die 'this kernel has no /sys/power/pm_test'
    serve --size 1G
    attach 0 swap0 --connections 2
    start_endless_load
    local suspends=0 round replaced
    for round in 1 2 3 4 5 6; do
        pause 2
        ! suspend_to $((round % 2)) || suspends=$((suspends + 1))
    done
    figure suspends "$suspends/$round"
    stop_load
    replaced=$(dmesg | grep -c 'nbd0: reconnected socket')
    figure replaced "$replaced"
    # Each may have owed as much as is in flight, which was asked for again.
    own_pages=$((own_pages + replaced * 128 * 32))
    detach 0
}

suspend_to() { # WITH-DEVICES
    if [ "$1" = 1 ]; then echo devices; else echo freezer; fi >/sys/power/pm_test
    echo freeze >/sys/power/state
}
