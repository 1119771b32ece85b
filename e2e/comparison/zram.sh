# The kernel's zram with lz4.
memory=720
seconds=300

scenario() {
    load_modules zram lz4
    echo lz4 >/sys/block/zram0/comp_algorithm
    echo "${device_mb}M" >/sys/block/zram0/disksize
    mkswap -q /dev/zram0
    swap_on /dev/zram0
    compare zram_bytes
    swap_off /dev/zram0
}

# With what they need; 'lz4' is what zram asks the kernel's crypto for, until Linux 6.12.
load_modules() { # NAME...
    local name file
    for name in "$@"; do
        for file in $(sed -n "s,^\(\(.*/\)\?$name\.ko[.a-z]*\):\(.*\),\1 \3,p" "$E2E_MODULES/modules.dep" | tr ' ' '\n' | tac); do
            insmod "$E2E_MODULES/$file" 2>/dev/null # may be there
        done
    done
}

zram_bytes() {
    awk '{ print $3 }' /sys/block/zram0/mm_stat
}
