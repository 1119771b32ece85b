# The same work on any swap device, which a file in comparison/ attaches, in a machine of one size: what a device holds is
# taken from what the load may have.

hogs_mb=160 # each of four: a process of User-Mode Linux may need a mapping of the host for each page, and has 65530
device_mb=800

compare() { # HELD-FUNCTION: prints the bytes of memory that the device holds, its process included
    local free=150 empty filled pages start # free: what stress-ng's share is taken of, the same for all
    figure free "$(free_mb)"
    empty=$("$1")
    start=$(now)
    start_hogs 4 $hogs_mb 5000
    filled=$("$1")
    pages=$(awk '$1 == "SwapTotal:" { total = $2 } $1 == "SwapFree:" { print (total - $2) / 4 }' /proc/meminfo)
    start_stress
    finish_load
    figure load_seconds "$(since "$start")"
    figure pages_per_second "$(awk -v pages=$(($(vmstat pswpout) + $(vmstat pswpin))) -v seconds="$(since "$start")" \
        'BEGIN { printf "%d", pages / seconds }')"
    figure vm_per_second "$(awk '$2 == "metrc:" && $4 == "vm" { printf "%d", $9; exit }' /run/stress.log)"
    figure empty_mb $((empty >> 20))
    figure filled_mb $((filled >> 20))
    figure swapped "$pages"
    figure bytes_per_page $((filled / pages))
    figure added_per_page $(((filled - empty) / pages))
}

resident_bytes() {
    awk '$1 == "VmRSS:" { print $2 * 1024 }' "/proc/$daemon/status"
}
