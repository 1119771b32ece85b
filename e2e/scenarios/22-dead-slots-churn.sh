# Two devices of ours and a disk, at one priority, and processes that come, swap and go or are killed: no page is wrong, and
# in the end each device holds what the kernel has there.
machine=qemu
memory=600
seconds=500

scenario() {
    serve --export name=one,size=512M --export name=two,size=512M
    attach 0 one --priority 100
    attach 1 two --priority 100
    mkswap -q "$E2E_DISK"
    swapon --priority 100 "$E2E_DISK"
    churn 300 $(($(free_mb) * 35 / 100)) 200
    pause 1
    read_counters
    check_dead_slots 0 one
    check_dead_slots 1 two
    check 'pages read from the disk' $(($(vmstat pswpin) - $(counter loads))) -gt 1000
    detach 0
    detach 1
    swapoff "$E2E_DISK"
    # Its counters are not the kernel's: those are of all three.
    rm /run/status.json
}
