# A daemon that is killed while the kernel swaps on it, and the one that stands by for it.

standby=
kills=0

# Starts a daemon that stands by, with the options of the one that serves, and waits until it does.
stand_by() { # OPTION...
    kills=$((kills + 1))
    "$launcher" serve --swap --socket "$socket" "$@" >"/run/serve.$kills.out" 2>&1 &
    standby=$!
    await 120 grep -q 'standing by' "/run/serve.$kills.out" || die 'the standby does not stand by'
    check_guard "$standby"
}

# The standby becomes the daemon when the kernel has its connection again.
take_over() {
    await 60 grep -qx ready "/run/serve.$kills.out" || {
        cat "/run/serve.$kills.out"
        die "not taken over after kill $kills"
    }
    daemon=$standby
    standby=
    # What was under way is sent again and counted twice: 128 requests of 32 pages at most.
    own_pages=$((own_pages + 128 * 32))
}

kill_daemon() {
    kill -KILL "$daemon"
    take_over
}

stop_standby() {
    kill -TERM "$standby"
    wait "$standby"
}

check_takeovers() {
    figure kills "$kills"
    figure gaps "$(gaps)"
    check 'reconnections by the kernel' "$(dmesg | grep -c 'nbd0: reconnected socket')" -ge "$kills"
}

# Seconds without service, by the kernel's clock: from the last word of a connection to its replacement.
gaps() {
    dmesg | awk -F'[][]' '/nbd0: (Receive|Send) .*failed/ && !down { down = $2 }
        /nbd0: reconnected socket/ { if (down) printf "%s%.2f", separator, $2 - down; separator = ","; down = 0 }'
}
