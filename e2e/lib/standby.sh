# Daemons that stand by, and the death of the one that serves.

standbys=()
started=0
kills=0

# Starts another daemon, with the options of the one that serves, and waits until it is warm: it stands by, or waits for
# another that does.
stand_by() { # OPTION...
    started=$((started + 1))
    as_unit "$launcher" serve --swap --socket "$socket" "$@" >"/run/serve.$started.out" 2>&1 &
    standbys[started]=$!
    await 120 grep -qE 'standing by|stands by' "/run/serve.$started.out" ||
        die "daemon $started does not stand by; CPU time, major faults and what it waits in:" \
            "$(ps -o time=,maj_flt=,stat=,wchan= -p "${standbys[started]}")"
    check_guard "${standbys[started]}"
}

# Becomes COMMAND as ramzswap@.service starts it: of real-time priority, and in a cgroup that keeps its memory, if the kernel
# has them. Under load it would else be swapped out before it can lock what it has.
as_unit() { # COMMAND...
    local group=/sys/fs/cgroup/$BASHPID
    if mkdir "$group" 2>/dev/null; then
        echo 0 >"$group/memory.swap.max"
        echo 160M >"$group/memory.min"
        echo "$BASHPID" >"$group/cgroup.procs"
    fi
    exec chrt -r 1 "$@"
}

# Kills the one that serves, and waits until the kernel has a connection to the next.
kill_daemon() {
    kills=$((kills + 1))
    kill -KILL "$daemon"
    await_successor
}

await_successor() {
    await 60 find_successor || {
        tail /run/serve.*.out
        die "not taken over after kill $kills"
    }
    # What was under way is sent again and counted twice: 128 requests of 32 pages at most.
    own_pages=$((own_pages + 128 * 32))
}

find_successor() {
    local number
    for number in "${!standbys[@]}"; do
        if grep -qx ready "/run/serve.$number.out"; then
            daemon=${standbys[number]}
            unset "standbys[number]"
            return 0
        fi
    done
    return 1
}

# Kills the daemon five times under load, 5 s apart, each time with another one that stands by. The load is stopped then, and
# swap0 still attached.
load_through_kills() {
    # A larger pool is too many pages for User-Mode Linux.
    local options=(--standby --state-dir /run/ram/state --size 1G --limit 128M --backing-file "$E2E_DISK" --overcommit) round
    serve "${options[@]}"
    for round in 1 2 3 4 5; do
        stand_by "${options[@]}"
    done
    attach 0 swap0
    start_endless_load 150 # each daemon that is killed leaves its memory to it
    for round in 1 2 3 4 5; do
        pause $((5 * E2E_SLOWNESS))
        kill_daemon
    done
    stop_load
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
