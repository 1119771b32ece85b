# The daemon is killed, and nobody takes over in time: the kernel's requests end in I/O errors, not in a hang, the load
# ends with them, and the device can be taken away.
memory=460
seconds=200
allowed_messages='i/o error|write-error|read-error|connection timed out|dead connection|(receive|send) .*failed'

scenario() {
    serve --size 1G
    "$launcher" swapon swap0 --device /dev/nbd0 --request-timeout 3 --reconnect-timeout 10 || die 'ramzswap swapon'
    start_hog 0
    kill -KILL "$daemon"
    wait "$daemon"
    # Pages that cannot be read: SIGBUS, which hog counts.
    pause $((20 * E2E_SLOWNESS))
    kill -TERM "${hogs[@]}"
    wait "${hogs[@]}"
    figure hog_status $?
    check "hog's bad pages" "$(hog_result bad)" -gt 0
    check 'errors in the log' "$(dmesg | grep -cE 'Read-error|I/O error')" -gt 0
    timeout 60 swapoff /dev/nbd0 || fail 'swapoff'
    "$launcher" swapoff swap0 || fail 'ramzswap swapoff'
    check 'no device is attached' ! -e /sys/block/nbd0/pid
    daemon=
    : >/run/stress.log
}
