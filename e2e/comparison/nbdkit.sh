# nbdkit's memory plugin, which keeps pages as they are and must own memory for all of them before the kernel swaps there: in
# a machine of the others' size it would take more than it gives, so this one is larger by all that it holds: the device, and 227
# MB that --swap locks.
#
# It is started as an I/O flusher, by "flusher": as it is, even with --swap, it soon waits for its own device to get memory
# for a reply, and the machine hangs.
memory=1750
seconds=300

scenario() {
    "$e2e/target/flusher" nbdkit -f --swap -t 2 -U "$socket" \
        memory size="${device_mb}M" allocator=malloc,mlock=true &
    daemon=$!
    await 120 nbd_client || die 'nbdkit does not get ready'
    mkswap -q /dev/nbd0
    swap_on /dev/nbd0
    compare resident_bytes
    swap_off /dev/nbd0
    nbd-client -d /dev/nbd0 >/dev/null
}

nbd_client() {
    [ -S "$socket" ] && nbd-client -unix "$socket" /dev/nbd0 -b 4096
}
