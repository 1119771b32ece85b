# Swapped off and on again five times under load, which fits into memory without swap, but not with the daemon's pool.
memory=700
seconds=400

scenario() {
    serve --size 1G
    attach 0 swap0
    start_endless_load
    local round
    for round in 1 2 3 4 5; do
        sleep 2
        swap_off /dev/nbd0
        swap_on /dev/nbd0
    done
    stop_load
    detach 0
}
