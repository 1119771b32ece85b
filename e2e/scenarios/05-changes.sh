# The limit is lowered and raised, and the codec changed, under load.
memory=860
seconds=200

scenario() {
    serve --size 400M --limit 64M --backing-file /run/ram/swap0
    attach_by_nbd_client 0 swap0
    start_endless_load
    change limit=32M
    change codec=zstd:3
    change limit=96M
    change codec=lz4 limit=24M
    stop_load
    detach 0
    check 'limit' "$(counter mem_limit)" = $((24 << 20))
    check 'memory' "$(counter mem_used_total)" -le $((24 << 20))
}

change() { # KEY=VALUE...
    "$launcher" set swap0 "$@" || fail "ramzswap set $*"
    pause 2
}
