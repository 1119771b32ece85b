# A SIGTERM under load: the daemon serves on until it is swapped off and disconnected, and ends then.
memory=460
seconds=200

scenario() {
    serve --size 1G
    attach_by_nbd_client 0 swap0
    start_endless_load
    kill -TERM "$daemon"
    pause $((5 * E2E_SLOWNESS))
    kill -TERM "$daemon"
    pause $((5 * E2E_SLOWNESS))
    check 'the daemon serves on' -d "/proc/$daemon"
    stop_load
    detach 0
    await 20 daemon_has_ended || fail 'the daemon does not end'
}
