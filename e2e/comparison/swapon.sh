# ramzswap with lz4, nothing in files, as 'ramzswap swapon' attaches it: with discards, and told of each slot that the kernel frees.
memory=720
seconds=300

scenario() {
    serve --size "${device_mb}M"
    attach 0 swap0
    compare resident_bytes
    detach 0
}
