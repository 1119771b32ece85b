# Swapped off and on again five times under load. The load fits into memory; what swaps it out is a second hog, which comes
# and goes.
memory=560
seconds=700

scenario() {
    serve --size 1G
    attach_by_nbd_client 0 swap0 --discard
    local available round
    available=$(free_mb)
    start_hog_of $((available / 4)) 0
    free=$((available / 5))
    start_endless_stress
    for round in 1 2 3 4 5; do
        "$e2e/target/hog" $((available * 75 / 100)) 1 || fail "second hog's status"
        # What it has freed is discarded a moment later.
        await 60 has_room || fail 'no memory comes back'
        swap_off /dev/nbd0
        swap_on /dev/nbd0 --discard
    done
    stop_load
    detach 0
}

# Whether memory suffices to take the pages back, with some for the load.
has_room() {
    awk '{ kib[$1] = $2 }
        END { exit kib["MemAvailable:"] + kib["SwapCached:"] < kib["SwapTotal:"] - kib["SwapFree:"] + 30000 }' /proc/meminfo
}
