# What the kernel frees leaves at once, without a discard: when the load is gone, so are its pages. Any swapoff ends that,
# one by a 32-bit program too.
machine=qemu
memory=560
seconds=240

scenario() {
    serve --size 1G
    attach 0 swap0
    load
    pause 1
    read_counters
    check_dead_slots 0 swap0
    "$e2e/target/swapoff32" || fail 'swapoff of nothing by a 32-bit program'
    read_counters
    grep -q '"slot_probe": "off"' /run/status.json || fail 'what is freed is seen after a swapoff by a 32-bit program'
    detach 0
}
