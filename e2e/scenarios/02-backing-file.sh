# Most pages go to the backing file, in ramfs: the guest's disk would be slow, and tmpfs is swapped itself.
fast=yes
memory=740
seconds=150

scenario() {
    serve --size 300M --limit 8M --backing-file /run/ram/swap0
    attach_by_nbd_client 0 swap0
    load
    detach 0
    check_limit swap0 $((8 << 20))
    figure bd_writes "$(counter bd_writes)"
    check 'pages stored in the file' "$(counter bd_writes)" -gt $(($(vmstat pswpout) / 2))
}
