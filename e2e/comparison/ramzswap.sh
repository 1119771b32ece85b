# ramzswap with lz4, nothing in files.
memory=460
seconds=300

scenario() {
    serve --size 400M
    attach_by_nbd_client 0 swap0
    figure process_mb $(($(process_bytes) >> 20))
    compare pool_bytes
    detach 0
}

pool_bytes() {
    read_counters
    counter mem_used_total
}
