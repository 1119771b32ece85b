# Most pages go to the backing file, in ramfs: the guest's disk would be slow, and tmpfs is swapped itself.
fast=yes
memory=740
seconds=150

scenario() {
    serve --size 300M --limit 8M --backing-file /run/ram/swap0
    attach_by_nbd_client 0 swap0
    start_hog 20000
    check_most_pages_are_in_the_file
    start_stress
    check_guard "$daemon"
    finish_load
    detach 0
    check_limit swap0 $((8 << 20))
}

# While they are hog's: same-filled pages, which are stress-ng's, take neither RAM nor file.
check_most_pages_are_in_the_file() {
    read_counters
    local stored in_file
    stored=$(($(counter orig_data_size) / 4096))
    in_file=$(counter bd_count)
    figure in_file "$in_file/$stored"
    check 'pages in the file' "$in_file" -gt $((stored * 2 / 3))
}
