# Swapped off and on again five times under load. The load fits into memory, with the 256 MB that pageswap grows to and what
# the pool keeps of pages that are free again; what swaps it out is others, which come and go.
memory=900
seconds=700

scenario() {
    serve --size 1G
    attach_by_nbd_client 0 swap0 --discard
    local available round
    available=$(free_mb)
    start_hog_of 100 0
    free=60
    start_endless_stress
    for round in 1 2 3 4 5; do
        visit $(((available - 70) / 3))
        # What they have freed is discarded a moment later.
        await 60 has_room || {
            grep -E 'MemAvailable|Swap' /proc/meminfo
            fail 'no memory comes back'
        }
        swap_off /dev/nbd0
        swap_on /dev/nbd0 --discard
    done
    stop_load
    detach 0
}

visit() { # MB
    local visitors=() visitor
    for visitor in 1 2 3; do
        "$e2e/target/hog" "$1" 1 &
        visitors+=($!)
    done
    for visitor in "${visitors[@]}"; do
        wait "$visitor" || fail "visitor's status"
    done
}

# Whether memory suffices to take the pages back, with some for the load.
has_room() {
    awk '{ kib[$1] = $2 }
        END { exit kib["MemAvailable:"] + kib["SwapCached:"] < kib["SwapTotal:"] - kib["SwapFree:"] + 30000 }' /proc/meminfo
}
