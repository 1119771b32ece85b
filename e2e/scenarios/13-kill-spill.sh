# The daemon is killed while the limit goes down and pages are spilled; the one that takes over is killed while it does;
# and the one after that takes over from it.
memory=800
seconds=300
allowed_messages='connection timed out|dead connection|(receive|send) .*failed'

scenario() {
    local options=(--standby --state-dir /run/ram/state --size 1G --backing-file /run/ram/swap0) round
    serve "${options[@]}"
    attach 0 swap0
    start_hog 0
    for round in 1 2 3; do
        stand_by "${options[@]}"
        "$launcher" set swap0 limit=16M
        sleep 0.5
        kill_daemon
        "$launcher" set swap0 limit=512M
    done
    # Two of them: the second is killed while the first takes over.
    stand_by "${options[@]}"
    local first=$standby
    "$launcher" serve --swap --socket "$socket" "${options[@]}" >/run/serve.last.out 2>&1 &
    local last=$!
    await 60 grep -q 'codec is' /run/serve.last.out || die 'no third daemon'
    sleep $((3 * E2E_SLOWNESS))
    kill -KILL "$daemon"
    sleep 0.2
    kill -KILL "$first"
    await 60 grep -qx ready /run/serve.last.out || die 'the third daemon does not take over'
    daemon=$last
    own_pages=$((own_pages + 2 * 128 * 32))
    sleep $((5 * E2E_SLOWNESS))
    stop_hog
    detach 0
    check_takeovers
}
