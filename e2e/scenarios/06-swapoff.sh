# One of two devices is swapped off and on again five times under load: its pages move to the other one.
memory=500
seconds=400

scenario() {
    serve --export name=a,size=600M --export name=b,size=600M
    attach 0 a
    attach 1 b
    start_endless_load
    local round
    for round in 1 2 3 4 5; do
        swap_off /dev/nbd$((round % 2))
        swap_on /dev/nbd$((round % 2))
        sleep 2
    done
    stop_load
    detach 0
    detach 1
}
