# As 20, and the daemon is killed with -9 five times under load: what the kernel frees meanwhile is known to the next one.
machine=qemu
memory=1000
seconds=400
allowed_messages='connection timed out|dead connection|(receive|send) .*failed'

scenario() {
    load_through_kills
    pause 1
    read_counters
    check_dead_slots 0 swap0
    detach 0
    check_takeovers
}
