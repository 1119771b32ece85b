# The daemon can keep less than its size, and a disk of lower priority has room: the kernel is left to come to it, which it
# does when all slots of the first device are taken, by pages that were refused too.
memory=560
seconds=240
least_swapped=200
allowed_messages='write-error|i/o error'

scenario() {
    serve --size 256M --limit 48M --overcommit
    attach_by_nbd_client 0 swap0 --discard
    mkswap -q "$E2E_DISK"
    swapon --priority 10 "$E2E_DISK"
    keep_messages
    start_console
    await_disk &
    start_hog 5000 180
    finish_hogs
    check_console
    check_way_out "$(cat /run/disk)"
    detach 0
    swapoff "$E2E_DISK"
    check 'pages refused' "$(counter refused_stores)" -gt 0
    check 'pages read from the disk' $(($(vmstat pswpin) - $(counter loads))) -gt 10000
    check 'processes that were killed for memory' "$(vmstat oom_kill)" = 0
    # Its counters are not the kernel's: those are of both.
    rm /run/status.json
}

# Notes when the kernel came to the disk.
await_disk() {
    until awk -v disk="$E2E_DISK" '$1 == disk { used = $4 } END { exit used == 0 }' /proc/swaps; do
        pause 0.1
    done
    now >/run/disk
}
