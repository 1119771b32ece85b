# nbdkit's memory plugin, which must own its memory before the kernel swaps there.
memory=830
seconds=300

scenario() {
    nbdkit -f --swap -t 2 -U "$socket" memory size=400M allocator=malloc,mlock=true &
    daemon=$!
    echo -1000 >"/proc/$daemon/oom_score_adj"
    await 60 nbd-client -unix "$socket" /dev/nbd0 -b 4096
    dd if=/dev/zero of=/dev/nbd0 bs=1M count=400 oflag=direct status=none
    mkswap -q /dev/nbd0
    swap_on /dev/nbd0
    compare process_bytes
    swap_off /dev/nbd0
}
