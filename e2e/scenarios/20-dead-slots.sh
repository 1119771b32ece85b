# What the kernel frees leaves at once, without a discard: when the load is gone, so are its pages.
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
    detach 0
}
