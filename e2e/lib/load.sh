# What swaps: stress-ng, whose quick methods write same-filled pages, and hog, whose pages reach the pool.

stress_status=0
hog_ops=0
hog_bad=0

# Of what a program can have without swap: about MemAvailable, as Linux 6.1 reckons it here. Later kernels have tens of
# megabytes in the lists of each processor (pcp), which count as neither free nor available.
free_mb() {
    awk '$1 == "MemTotal:" { all = $2 } /^(Unevictable|Slab|PageTables|KernelStack):/ { used += $2 }
        END { print int((all - used) / 1024 * 10 / 13) }' /proc/meminfo
}

# Starts hog with more memory than is free, and waits until it is filled. 0 operations: until it is stopped.
start_hog() { # OPS [PERCENT of the memory that is free]
    free=$(free_mb)
    start_hog_of $((free * ${2:-130} / 100)) "$1"
}

# In processes of 160 MB at most: User-Mode Linux maps each page of a process on its own, and the host allows 65,530 of
# them (vm.max_map_count) before it kills it.
start_hog_of() { # MB OPS
    local count=$((($1 + 159) / 160))
    start_hogs $count $(($1 / count)) $(($2 / count))
}

start_hogs() { # COUNT MB OPS
    hogs=()
    : >/run/hog.log
    while [ ${#hogs[@]} -lt "$1" ]; do
        "$e2e/target/hog" "$2" "$3" >>/run/hog.log 2>&1 &
        hogs+=($!)
    done
    await 300 hogs_are_filled || die 'hog does not get filled'
}

hogs_are_filled() {
    [ "$(grep -c filled /run/hog.log)" = ${#hogs[@]} ]
}

# Starts stress-ng with about as much memory as was free before hog.
start_stress() {
    start_stress_of 1 $((free * 2 / 10))
}

# That does not end by itself. vm counts whole passes over its memory, each of which must end before the load is stopped.
start_endless_stress() {
    start_stress_of 10000 4
}

start_stress_of() { # RUNS VM-MB
    # brk and bigheap grow until they meet a limit.
    (
        cd /run || exit
        ulimit -d $((free * 1024 * 3 / 10))
        exec stress-ng --temp-path /run --verify --oomable --metrics-brief -t 0 \
            --vm 1 --vm-bytes "$2M" --vm-method zero-one --vm-ops $(($1 * 5000)) \
            --bigheap 1 --bigheap-ops $(($1 * 1000)) --brk 1 --brk-ops $(($1 * 10000)) \
            --pageswap 1 --pageswap-ops $(($1 * 100))
    ) >/run/stress.log 2>&1 &
    stress=$!
}

# Starts what somebody does at a console meanwhile.
start_console() {
    "$e2e/target/console" >/run/console.log &
    console=$!
}

check_console() {
    local longest
    kill -TERM "$console"
    wait "$console"
    longest=$(awk '{ print $5 }' /run/console.log)
    figure longest_ms "$longest"
    check 'milliseconds from one command to the next' "$longest" -lt $((2000 * E2E_SLOWNESS))
}

# Keeps all of the kernel's messages from now on: its own buffer has the first ones no more after many.
keep_messages() {
    dmesg --follow >/run/messages &
    messages=$!
}

# When the kernel first said that, in seconds since boot.
said_at() { # PATTERN
    awk -F '[][]' -v pattern="$1" '$0 ~ pattern { print $2 + 0; exit }' /run/messages
}

has_said() { # PATTERN
    [ -n "$(said_at "$1")" ]
}

# What gives way when pages are refused, so that those who wait for memory go on.
check_way_out() { # SECONDS-SINCE-BOOT [MOST]
    kill -TERM "$messages"
    local refused out
    refused=$(said_at 'Write-error')
    out=$(awk -v refused="$refused" -v out="$1" 'BEGIN { printf "%d", out - refused }')
    figure way_out_seconds "$out"
    check 'it was found' -n "$1"
    check 'seconds from the first page refused to the way out' "${refused:+$out}" -le "${2:-30}"
}

load() {
    start_hog 20000
    start_stress
    check_guard "$daemon"
    finish_load
}

start_endless_load() { # [PERCENT]
    start_hog 0 "${1:-130}"
    start_endless_stress
    check_guard "$daemon"
}

stop_load() {
    { kill -0 "${hogs[@]}" && kill -0 "$stress"; } || fail 'the load ended before it was stopped'
    kill -TERM "${hogs[@]}"
    kill -INT "$stress"
    finish_load
}

# For a load that is hog alone.
stop_hog() {
    kill -TERM "${hogs[@]}" || fail 'hog ended before it was stopped'
    finish_hogs
    : >/run/stress.log
}

finish_hogs() {
    local hog
    for hog in "${hogs[@]}"; do
        wait "$hog"
        check "hog's status" $? = 0
    done
    cat /run/hog.log
    hog_ops=$((hog_ops + $(hog_result ops)))
    hog_bad=$((hog_bad + $(hog_result bad)))
    check "hog's operations" "$hog_ops" -gt 0
    check "hog's bad pages" "$hog_bad" = 0
}

finish_load() {
    finish_hogs
    wait "$stress"
    stress_status=$?
    check "stress-ng's status" $stress_status = 0
    cat /run/stress.log
    local stressor
    for stressor in vm bigheap brk pageswap; do
        check "bogo-ops of $stressor" "$(bogo_ops $stressor)" -gt 0
    done
}

hog_result() { # NAME
    awk -v name="$1" '{ for (i = 1; i < NF; i++) if ($i == name) sum += $(i + 1) } END { print sum + 0 }' /run/hog.log
}

bogo_ops() { # STRESSOR
    awk -v stressor="$1" '$2 == "metrc:" && $4 == stressor { ops = $5; exit } END { print ops + 0 }' /run/stress.log
}

load_figures() {
    figure stress_status "$stress_status"
    local stressor
    for stressor in vm bigheap brk pageswap; do
        figure "$stressor" "$(bogo_ops $stressor)"
    done
    figure hog_ops "$hog_ops"
    figure hog_bad "$hog_bad"
    figure out "$(vmstat pswpout)"
    figure in "$(vmstat pswpin)"
    check 'pages swapped out' "$(vmstat pswpout)" -gt "${least_swapped:-5000}"
    check 'pages swapped in' "$(vmstat pswpin)" -gt "${least_swapped:-5000}"
}
