# The daemon is killed with -9 five times under load. Each time the one that stands by takes over its pages and gives the
# device its connection back, before any request has failed.
fast=yes
memory=700
seconds=300
allowed_messages='connection timed out|dead connection|(receive|send) .*failed'

scenario() {
    local options=(--standby --state-dir /run/ram/state --size 1G) round
    serve "${options[@]}"
    attach 0 swap0
    stand_by "${options[@]}"
    start_endless_load
    for round in 1 2 3 4 5; do
        kill_daemon
        sleep $((5 * E2E_SLOWNESS))
        [ $round = 5 ] || stand_by "${options[@]}"
    done
    stop_load
    detach 0
    check_takeovers
}
