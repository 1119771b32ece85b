# Ten kills, as scenario 10 has five; but each daemon that stands by is started only when the one before it serves, under
# load, as systemd does it. Pages are compressed by zstd, whose contexts need memory for each new connection.
memory=800
seconds=1500
allowed_messages='connection timed out|dead connection|(receive|send) .*failed'

scenario() {
    # A larger pool is too many pages for User-Mode Linux.
    local options=(--standby --state-dir /run/ram/state --size 1G --limit 96M --codec zstd \
        --backing-file "$E2E_DISK" --overcommit)
    serve "${options[@]}"
    attach 0 swap0
    start_endless_load 80
    while [ "$kills" -lt 10 ]; do
        stand_by "${options[@]}"
        pause $((5 * E2E_SLOWNESS))
        kill_daemon
    done
    stop_load
    detach 0
    check_takeovers
}
