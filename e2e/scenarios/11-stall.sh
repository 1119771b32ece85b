# The daemon is stopped (SIGSTOP) for longer than the kernel waits for an answer, and goes on: the kernel has cut its
# connections, each after it had sent on the other what this one owed, and the daemon makes new ones.
memory=560
seconds=300
allowed_messages='connection timed out|dead connection|(receive|send) .*failed'

scenario() {
    serve --size 1G
    attach 0 swap0 --connections 2 --request-timeout 3
    start_endless_load
    local round
    for round in 1 2; do
        kill -STOP "$daemon"
        pause 8
        kill -CONT "$daemon"
        await 60 is_reconnected $round || die "not reconnected after stop $round"
        own_pages=$((own_pages + 128 * 32))
        pause $((5 * E2E_SLOWNESS))
    done
    stop_load
    detach 0
}

is_reconnected() { # TIMES
    [ "$(dmesg | grep -c 'nbd0: reconnected socket')" -ge "$1" ]
}
