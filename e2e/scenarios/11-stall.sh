# The daemon is stopped (SIGSTOP) for longer than the kernel waits for an answer, and goes on: the kernel has cut its
# connections, each after it had sent on the other what this one owed, and the daemon makes new ones. The second time it has been
# told to end before, and drains.
memory=560
seconds=300
allowed_messages='connection timed out|dead connection|(receive|send) .*failed'

scenario() {
    serve --size 1G
    attach 0 swap0 --connections 2 --request-timeout 3
    start_endless_load
    local round
    for round in 1 2; do
        [ "$round" = 1 ] || kill -TERM "$daemon"
        kill -STOP "$daemon"
        pause 8
        kill -CONT "$daemon"
        await 60 is_reconnected $round || die "not reconnected after stop $round"
        own_pages=$((own_pages + 128 * 32))
        pause $((5 * E2E_SLOWNESS))
    done
    stop_load
    detach 0
    await 20 daemon_has_ended || fail 'the daemon does not end'
}

is_reconnected() { # TIMES
    [ "$(dmesg | grep -c 'nbd0: reconnected socket')" -ge "$1" ]
}
