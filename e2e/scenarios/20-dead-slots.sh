# What the kernel frees leaves at once, without a discard: when the load is gone, so are its pages.
machine=qemu
memory=560
seconds=240

# Slots that the kernel keeps ready for each processor count as used.
ready_slots=128

scenario() {
    serve --size 1G
    attach 0 swap0 --slot-probe >/run/swapon.out
    cat /run/swapon.out
    grep -q 'drops pages as the kernel frees them' /run/swapon.out || fail 'the kernel does not say what it frees'
    load
    pause 1
    read_counters
    local stored used
    stored=$(($(counter orig_data_size) / 4096))
    used=$(($(awk '$1 ~ /nbd0/ { print $4 }' /proc/swaps) / 4))
    figure stored "$stored"
    figure used "$used"
    figure freed_slots "$(counter freed_slots)"
    check 'pages that the kernel has no more' $((stored - used)) -le $((used / 100 + own_pages))
    check 'slots in use without a page' $((used - stored)) -le $((used / 100 + ready_slots))
    detach 0
}
