# nbdkit's memory plugin, which keeps pages as they are and must own memory for all of them before the kernel swaps there: in
# a machine of the others' size it would take as much as it gives, so this one is larger by the device.
memory=1600
seconds=300

scenario() {
    nbdkit -f --swap -t 2 -U "$socket" memory size="${device_mb}M" allocator=malloc,mlock=true &
    daemon=$!
    echo -1000 >"/proc/$daemon/oom_score_adj"
    await 60 nbd-client -unix "$socket" /dev/nbd0 -b 4096
    dd if=/dev/zero of=/dev/nbd0 bs=1M count="$device_mb" oflag=direct status=none
    mkswap -q /dev/nbd0
    swap_on /dev/nbd0
    compare resident_bytes
    swap_off /dev/nbd0
    nbd-client -d /dev/nbd0 >/dev/null
}
