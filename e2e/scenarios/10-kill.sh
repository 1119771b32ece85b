# The daemon is killed with -9 five times under load, 5 s apart. Each time one that stands by takes over its pages and gives
# the device its connection back, before any request has failed.
fast=yes
memory=1000
seconds=300
allowed_messages='connection timed out|dead connection|(receive|send) .*failed'

scenario() {
    # A larger pool is too many pages for User-Mode Linux.
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
    detach 0
    check_takeovers
}
