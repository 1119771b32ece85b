# As 20, and the daemon is killed with -9 five times under load: what the kernel frees meanwhile is known to the next one.
machine=qemu
memory=1000
seconds=400
allowed_messages='connection timed out|dead connection|(receive|send) .*failed'

scenario() {
    local options=(--standby --state-dir /run/ram/state --size 1G --limit 128M --backing-file "$E2E_DISK" --overcommit) round
    serve "${options[@]}"
    for round in 1 2 3 4 5; do
        stand_by "${options[@]}"
    done
    attach 0 swap0
    start_endless_load 150 # each daemon that is killed leaves its memory to it
    for round in 1 2 3 4 5; do
        pause $((5 * E2E_SLOWNESS))
        kill_daemon
    done
    stop_load
    pause 1
    read_counters
    check_dead_slots 0 swap0
    detach 0
    check_takeovers
}
