# The daemon, its devices, and its counters against the kernel's.

launcher=$repository/ramzswap
socket=/run/ramzswap.sock
swapoff_seconds=0
own_pages=0

# Starts the daemon for swap and waits until it serves.
serve() { # OPTION...
    # shellcheck disable=SC2086 # E2E_WRAPPER is a command with arguments, as "chrt -r 1"
    ${E2E_WRAPPER:-} "$launcher" serve --swap --socket "$socket" "$@" >/run/serve.out &
    daemon=$!
    local start
    start=$(now)
    await 120 daemon_is_ready || die 'the daemon does not get ready'
    figure ready "$(since "$start")"
}

daemon_is_ready() {
    kill -0 "$daemon" || die 'the daemon has ended'
    grep -qx ready /run/serve.out
}

# As an administrator does.
attach() { # N NAME SWAPON-OPTION...
    local device=/dev/nbd$1 name=$2
    shift 2
    "$launcher" swapon "$name" --device "$device" "$@" || die "ramzswap swapon $name"
    own_pages=$((own_pages + 8 + 64)) # those by which swapon proves which slots are its own
}

# Without swapon's discard, unless it is said.
attach_by_nbd_client() { # N NAME SWAPON-OPTION...
    local device=/dev/nbd$1 name=$2
    shift 2
    nbd-client -unix "$socket" "$device" -b 4096 -N "$name" || die "nbd-client $device"
    mkswap -q "$device" || die "mkswap $device"
    swap_on "$device" "$@"
}

swap_on() { # DEVICE SWAPON-OPTION...
    local device=$1
    shift
    swapon --priority 100 "$@" "$device" || die "swapon $device"
    # mkswap, swapon and the partition table's readers use pages that the kernel does not count as swapped.
    own_pages=$((own_pages + 8))
}

swap_off() { # DEVICE
    local start
    start=$(now)
    swapoff "$1" || fail "swapoff $1"
    swapoff_seconds=$(awk -v sum="$swapoff_seconds" -v seconds="$(since "$start")" 'BEGIN { print sum + seconds }')
}

# Swaps off, keeps the counters, which end with the daemon, and disconnects.
detach() { # N
    check_guard "$daemon"
    swap_off "/dev/nbd$1"
    read_counters
    local record
    record=$(grep -sl "^/dev/nbd$1 " /run/ramzswap/*.swap)
    if [ -n "$record" ]; then
        "$launcher" swapoff "$(basename "$record" .swap)" || fail "ramzswap swapoff of /dev/nbd$1"
    else
        nbd-client -d "/dev/nbd$1" >/dev/null || fail "nbd-client -d /dev/nbd$1"
    fi
}

read_counters() {
    "$launcher" status --json >/run/status.json || fail 'ramzswap status'
}

# As read last: the sum over all exports, or that of one.
counter() { # COUNTER [NAME]
    grep "\"name\": \"${2:-}" /run/status.json | grep -o "\"$1\": [0-9]*" | awk '{ sum += $2 } END { printf "%d", sum }'
}

# The pages that the kernel swapped are those that the daemon stored and loaded.
check_counters() {
    local out in stores loads
    out=$(vmstat pswpout)
    in=$(vmstat pswpin)
    stores=$(($(counter succ_stores) + $(counter failed_stores) + $(counter refused_stores)))
    loads=$(counter loads)
    figure stores "$stores"
    figure loads "$loads"
    figure failed_stores "$(counter failed_stores)"
    figure refused_stores "$(counter refused_stores)"
    figure mem_used_max "$(counter mem_used_max)"
    figure io_errors "$(counter io_errors)"
    # Of a request that is refused, the rest is not tried.
    [ "$(counter refused_stores)" -gt 0 ] || check 'pages stored, at least those swapped out' "$stores" -ge "$out"
    check 'pages stored, at most those swapped out' "$stores" -le $((out + own_pages))
    check 'pages loaded, at least those swapped in' "$loads" -ge "$in"
    check 'pages loaded, at most those swapped in' "$loads" -le $((in + own_pages))
    check "the daemon's I/O errors" "$(counter io_errors)" = 0
}

check_limit() { # NAME BYTES
    check "highest memory of $1" "$(counter mem_used_max "$1")" -le "$2"
}

daemon_has_ended() {
    ! kill -0 "$daemon" 2>/dev/null
}

# Waits for the daemon, told to end or not yet.
stop_daemon() {
    kill -TERM "$daemon" 2>/dev/null
    wait "$daemon"
    check "the daemon's exit status" $? = 0
}
