# The same load on any swap device, which a file in comparison/ attaches. All have the same work, and guests of such sizes
# that about as much memory is free for it; see "free" among the figures.

work_mb=300

compare() { # HELD-FUNCTION: prints the bytes of memory that the device takes for its pages
    local free start pages seconds
    free=$(free_mb)
    figure free "$free"
    start=$(now)
    start_hog_of $work_mb 20000
    pages=$(awk '$1 == "SwapTotal:" { total = $2 } $1 == "SwapFree:" { print (total - $2) / 4 }' /proc/meminfo)
    figure bytes_per_page $(($("$1") / pages))
    start_stress 1
    finish_load
    seconds=$(since "$start")
    figure load_seconds "$seconds"
    figure pages_per_second \
        "$(awk -v pages=$(($(vmstat pswpout) + $(vmstat pswpin))) -v seconds="$seconds" 'BEGIN { printf "%d", pages / seconds }')"
}

# Anonymous and file memory of the daemon; a pool is shared memory.
process_bytes() {
    awk '$1 == "RssAnon:" || $1 == "RssFile:" { sum += $2 } END { print sum * 1024 }' "/proc/$daemon/status"
}

no_bytes() {
    echo 0
}
