# The daemon is killed while the limit goes down and pages are spilled; the one that takes over is killed while it does;
# and the one after that takes over from it.
memory=640
seconds=300
allowed_messages='connection timed out|dead connection|(receive|send) .*failed'

scenario() {
    local options=(--standby --state-dir /run/ram/state --size 1G --limit 96M --backing-file "$E2E_DISK" --overcommit) round
    serve "${options[@]}"
    attach 0 swap0
    start_hog_of 360 0 # beside two daemons, then three
    for round in 1 2 3; do
        stand_by "${options[@]}"
        "$launcher" set swap0 limit=16M &
        pause 1
        kill_daemon
        wait $!
        "$launcher" set swap0 limit=96M || fail 'ramzswap set'
    done
    stand_by "${options[@]}"
    local next=$started
    stand_by "${options[@]}"
    kill -KILL "$daemon"
    pause 0.2
    kill -KILL "${standbys[next]}"
    unset "standbys[next]"
    kills=$((kills + 1))
    await_successor
    pause $((5 * E2E_SLOWNESS))
    stop_hog
    detach 0
    check_takeovers
}
