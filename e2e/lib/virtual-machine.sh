# What each of virtual-machines does: its swap is a disk, and it knows nothing of ramzswap. Says LOADED when it swaps, and IDLE
# when the load has gone, for the host to look at what is stored then.
allowed_messages=

scenario() {
    # Linux frees and discards clusters only where a disk says that it does not rotate, which a virtio disk cannot say.
    echo 0 >/sys/block/vda/queue/rotational
    mkswap -q /dev/vda || die 'mkswap /dev/vda'
    swap_on /dev/vda --discard
    start_hog 0
    start_endless_stress
    echo LOADED
    pause "$E2E_LOAD_SECONDS"
    stop_load
    echo IDLE
    pause $((10 * E2E_SLOWNESS))
    swap_off /dev/vda
}
