# The kernel's zram with lz4.
memory=720
seconds=300

scenario() {
    local module
    for module in mm/zsmalloc lib/lz4/lz4_compress crypto/lz4 drivers/block/zram/zram; do
        insmod "$E2E_MODULES/kernel/$module.ko"
    done
    echo lz4 >/sys/block/zram0/comp_algorithm
    echo "${device_mb}M" >/sys/block/zram0/disksize
    mkswap -q /dev/zram0
    swap_on /dev/zram0
    compare zram_bytes
    swap_off /dev/zram0
}

zram_bytes() {
    awk '{ print $3 }' /sys/block/zram0/mm_stat
}
