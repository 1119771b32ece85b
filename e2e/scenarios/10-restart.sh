# The daemon is killed while hog reads and writes, three times. Each time another, in the same state directory, takes over
# its pages and gives the device its connections back, before any request has failed.
memory=560
seconds=240
allowed_messages='connection timed out|dead connection|(receive|send) .*failed'
kills=3

scenario() {
    serve --size 1G --state-dir /run/ram/state
    attach 0 swap0
    start_hog 0
    local round
    for ((round = 1; round <= kills; round++)); do
        await_successor "$round"
        kill -KILL "$daemon"
        daemon=$successor
        await 60 is_reattached "$round" || {
            cat "/run/serve.$round.err"
            die "not reattached after kill $round"
        }
        sleep 5
    done
    cat /run/serve.*.err
    # What was under way is sent again and counted twice: 128 requests of 32 pages at most.
    own_pages=$((own_pages + kills * 128 * 32))
    stop_hog
    detach 0
    figure kills "$kills"
    figure gaps "$(gaps)"
    check 'reconnections by the kernel' "$(dmesg | grep -c 'nbd0: reconnected socket')" -ge "$kills"
}

stop_hog() {
    kill -TERM "${hogs[@]}" || fail 'hog ended before it was stopped'
    wait "${hogs[@]}"
    check "hog's status" $? = 0
    cat /run/hog.log
    hog_ops=$(hog_result ops)
    hog_bad=$(hog_result bad)
    check "hog's operations" "$hog_ops" -gt 0
    check "hog's bad pages" "$hog_bad" = 0
    : >/run/stress.log
}

# Prepares the next daemon while there is still one. Its program, and no launcher: that would have to fork.
await_successor() { # ROUND
    "$e2e/target/successor" "$daemon" "$repository/nbd-server/target/runtime/bin/ramzswap" \
        serve --swap --socket "$socket" --size 1G --state-dir /run/ram/state >"/run/serve.$1.out" 2>"/run/serve.$1.err" &
    successor=$!
    await 10 grep -q -- -1000 "/proc/$successor/oom_score_adj" || die 'the successor does not get ready'
}

is_reattached() { # ROUND
    grep -q 'nbd0 is reattached' "/run/serve.$1.err"
}

# Seconds without service, by the kernel's clock: from the last word of a connection to its replacement.
gaps() {
    dmesg | awk -F'[][]' '/nbd0: (Receive|Send) .*failed/ && !down { down = $2 }
        /nbd0: reconnected socket/ { if (down) printf "%s%.1f", separator, $2 - down; separator = ","; down = 0 }'
}
