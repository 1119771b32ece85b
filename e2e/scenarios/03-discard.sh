# With swapon --discard, slots that are free give their memory back.
memory=460
seconds=150

scenario() {
    serve --size 1G
    attach_by_nbd_client 0 swap0 --discard
    load
    await_small_pool
    detach 0
    check 'slots dropped' "$(counter invalidates)" -gt 10000
}

# The kernel discards clusters of slots in the background once the load has ended.
await_small_pool() {
    local tries used
    for tries in 1 2 3 4 5; do
        read_counters
        used=$(counter mem_used_total)
        [ "$used" -gt $(($(counter mem_used_max) / 4)) ] || break
    done
    figure mem_used_after "$used"
    check "memory after the load has ended, of $(counter mem_used_max)" "$used" -le $(($(counter mem_used_max) / 4))
}
