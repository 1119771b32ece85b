# Negative control: bytes of the pool are overwritten, which hog and the daemon's checksums must find.
must_fail="hog's status"
memory=460
seconds=200

scenario() {
    serve --size 1G
    attach 0 swap0
    start_load 20000
    corrupt_pool
    finish_load
    detach 0
}

# Half of the pages of the first 64 MiB.
corrupt_pool() {
    local file
    file=$(find "/proc/$daemon/fd" -lname '*ramzswap-pool*')
    head -c 64M /dev/urandom | dd of="$file" bs=4K seek=1 conv=notrunc iflag=fullblock status=none || fail 'the pool cannot be overwritten'
}
