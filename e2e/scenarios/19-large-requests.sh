# Writes as large as the kernel sends them (4 MiB since 7.0, where swap merges its pages), 128 at a time, to a slow disk: reads
# of single pages by the same device go on.
machine=qemu
memory=1400
seconds=200
disk='throttling.bps-write=20000000'
least_swapped=-1

scenario() {
    : >/run/stress.log
    serve --size 512M --limit 32M --backing-file "$E2E_DISK" --overcommit
    nbd-client -unix "$socket" /dev/nbd0 -b 4096 -N swap0 || die 'nbd-client'
    figure request_kb "$(cat /sys/block/nbd0/queue/max_sectors_kb)"
    io large --rw=write --bs=4m --iodepth=128 --refill_buffers --time_based --runtime=60 >/run/large &
    local large=$!
    io small --rw=randread --bs=4k --iodepth=1 --time_based --runtime=60 >/run/small || fail 'fio, small'
    wait $large || fail 'fio, large'
    figure large_mb_per_second "$(awk -F';' '{ printf "%d", $48 / 1024 }' /run/large)"
    figure reads "$(awk -F';' '{ print $6 }' /run/small)"
    figure read_longest_ms "$(awk -F';' '{ printf "%d", $39 / 1000 }' /run/small)"
    check 'milliseconds of the longest read' "$(awk -F';' '{ printf "%d", $39 / 1000 }' /run/small)" -lt $((3000 * E2E_SLOWNESS))
    read_counters
    check_limit swap0 33554432
    rm /run/status.json # the kernel counts nothing of this as swapped
    nbd-client -d /dev/nbd0 >/dev/null || fail 'nbd-client -d'
}

io() { # NAME OPTION...
    local name=$1
    shift
    cd /run && fio --name="$name" --filename=/dev/nbd0 --ioengine=libaio --direct=1 --size=512M --minimal "$@"
}
