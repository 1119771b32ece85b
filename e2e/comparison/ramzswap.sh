# ramzswap with lz4, nothing in files.
memory=720
seconds=300

scenario() {
    serve --size "${device_mb}M"
    attach_by_nbd_client 0 swap0
    compare resident_bytes
    detach 0
}
