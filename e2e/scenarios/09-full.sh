# Memory and backing file are full: the kernel kills what fills them, discards its pages, and goes on with a load that fits.
memory=560
seconds=240
# The load that follows takes all of the memory. (With a tenth more, device and memory are full again at times.)
least_swapped=0
allowed_messages='out of memory|oom|write-error|i/o error'

scenario() {
    serve --size 1G --limit 48M --backing-file /run/ram/swap0 --backing-size 32M --overcommit
    attach_by_nbd_client 0 swap0 --discard
    keep_messages
    start_console
    "$e2e/target/hog" 1000 0 >/run/hog.log 2>&1
    check "hog's status: killed" $? = 137
    await 10 has_said 'Killed process'
    check_console
    check_way_out "$(said_at 'Killed process')" 10
    free=$(free_mb)
    start_hog_of "$free" 20000
    free=$((free / 2))
    start_stress
    finish_load
    detach 0
    # Its message is behind too many others.
    check 'processes that the kernel killed for memory' "$(vmstat oom_kill)" -gt 0
    check 'the daemon lives' -d "/proc/$daemon"
}
