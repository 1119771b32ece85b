# A disk that is a plain file of the host.
memory=720
seconds=300

scenario() {
    mkswap -q "$E2E_DISK"
    swap_on "$E2E_DISK"
    compare no_bytes
    swap_off "$E2E_DISK"
}

no_bytes() {
    echo 0
}
