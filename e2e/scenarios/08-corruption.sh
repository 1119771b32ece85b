# Negative control: bytes of the pool are overwritten, which hog and the daemon's checksums must find.
must_fail='bad pages'
memory=460
seconds=120

scenario() {
    serve --size 1G
    attach_by_nbd_client 0 swap0
    start_hog 20000
    corrupt_pool
    start_stress
    finish_load
    detach 0
}

# 16 bytes of every 512 KiB in the first 32 MiB: of the pages, not of the lists of holes, since hog has only filled yet.
corrupt_pool() {
    local file offset
    file=$(find "/proc/$daemon/fd" -lname '*ramzswap-pool*')
    for ((offset = 1; offset < 64; offset++)); do
        printf '0123456789abcdef' | dd of="$file" bs=1 seek=$((offset << 19)) conv=notrunc status=none ||
            fail 'the pool cannot be overwritten'
    done
}
