# A file system on an export is what FS-Cache keeps of a network file system: what was read once is not asked of the server
# again, also by a mount made anew, and lies compressed in RAM. Then twice what the cache can hold is read: some of it goes, the
# discards give its memory back, and all that is read is right. So it is when the daemon has died, by the server alone. The server
# is this kernel's own.
machine=qemu
memory=1000
seconds=200
packages='nfs-kernel-server cachefilesd'
least_swapped=-1
allowed_messages='i/o error|connection timed out|dead connection|(receive|send) .*failed|lost async page write|EXT4-fs error'

programs=$e2e/target/programs
cache=/run/cache
server=/run/server
client=/run/client
cache_bytes=$((64 << 20))

export PATH=$programs/usr/sbin:$programs/sbin:$PATH LD_LIBRARY_PATH=$programs/usr/lib/x86_64-linux-gnu:$programs/lib/x86_64-linux-gnu

scenario() {
    : >/run/stress.log
    load_modules
    serve --export "name=cache,size=$cache_bytes"
    begin_cache
    begin_server
    read_twice
    read_more_than_fits
    read_without_daemon
    end_all
}

load_modules() {
    local module
    for module in ext4 cachefiles nfsv4 nfsd; do
        modprobe -d "${E2E_MODULES%/lib/modules/*}/" "$module" || die "modprobe $module"
    done
}

begin_cache() {
    mkdir $cache
    nbd-client -unix "$socket" /dev/nbd0 -b 4096 -N cache || die 'nbd-client'
    mkfs.ext4 -q -m 0 -O ^has_journal /dev/nbd0 || die 'mkfs.ext4'
    mount -o discard /dev/nbd0 $cache || die "mount $cache"
    printf '%s\n' "dir $cache" 'tag ramzswap' 'brun 30%' 'bcull 20%' 'bstop 10%' 'frun 10%' 'fcull 7%' 'fstop 3%' >/run/cachefilesd.conf
    cachefilesd -f /run/cachefilesd.conf -p /run/cachefilesd.pid || die 'cachefilesd'
}

begin_server() {
    mount -t ramfs ramfs /var/lib
    mkdir -p /var/lib/nfs/v4recovery $server $client
    mount -t tmpfs tmpfs $server
    mount -t nfsd nfsd /proc/fs/nfsd
    # As exportfs writes it, which wants /etc/exports.
    printf '%s\t*(ro,sync,insecure,no_subtree_check,fsid=0,sec=sys)\n' $server >/var/lib/nfs/etab
    rpc.mountd -N 3 || die 'rpc.mountd'
    rpc.nfsd -N 3 -H 127.0.0.1 4 || die 'rpc.nfsd'
    echo Y >/proc/fs/nfsd/v4_end_grace # nobody has locks of before
}

mount_client() {
    mount -i -t nfs4 -o ro,fsc,vers=4.2,addr=127.0.0.1 127.0.0.1:/ $client || die "mount $client"
}

# Forgets what lies in memory of it.
unmount_client() {
    umount $client || fail "umount $client"
}

# What is open is a file without a name until the cache has done with it.
are_kept() { # FILES
    [ "$(find $cache/cache -type f 2>/dev/null | wc -l)" -ge "$1" ]
}

# What the server has sent by READs, ever.
server_bytes() {
    awk '$1 == "io" { print $2 }' /proc/net/rpc/nfsd
}

# Reads all files there are as if for the first time.
read_all() { # NAME
    local start file
    mount_client
    start=$(now)
    for file in "$server"/*; do
        cmp "$file" "$client/${file##*/}" || fail "$1: ${file##*/} is not read as the server has it"
    done
    figure "$1_seconds" "$(since "$start")"
    unmount_client
}

# Programs, as a host of many equal machines has them on a server.
make_files() { # FIRST LAST
    local number
    for number in $(seq "$1" "$2"); do
        tail -c +4M "$(readlink -f /usr/bin/qemu-system-x86_64)" | head -c 1M | sed "s/the/$number/g" >"$server/$number" || die 'no files'
    done
}

read_twice() {
    local before
    make_files 1 16
    read_all first
    figure first_bytes "$(server_bytes)"
    check 'bytes that the server sent' "$(server_bytes)" -ge $((16 << 20))
    await 60 are_kept 16 || fail 'the cache has kept less than was read'
    before=$(server_bytes)
    read_all second
    check 'bytes that the server sent for what is cached' "$(server_bytes)" = "$before"
    read_counters
    figure stored "$(counter orig_data_size)"
    figure compressed "$(counter compr_data_size)"
    figure mem_used "$(counter mem_used_total)"
    check 'bytes in the cache' "$(counter orig_data_size)" -ge "$((16 << 20))"
    check 'bytes of them after compression' "$(counter compr_data_size)" -lt $(($(counter orig_data_size) * 9 / 10))
}

read_more_than_fits() {
    make_files 17 112
    read_all more
    figure more_bytes "$(server_bytes)"
    pause $((5 * E2E_SLOWNESS)) # cachefilesd culls
    figure full_percent "$(df --output=pcent $cache | tail -1 | tr -d ' %')"
    read_counters
    figure mem_used_full "$(counter mem_used_total)"
    check "the daemon's I/O errors" "$(counter io_errors)" = 0
    check 'pages refused' "$(counter refused_stores)" = 0
    check 'discards' "$(counter invalidates)" -gt 0
    rm /run/status.json # nothing was swapped
}

read_without_daemon() {
    { kill -KILL "$daemon" && wait "$daemon"; } 2>/dev/null
    daemon=
    read_all without_daemon
}

end_all() {
    rpc.nfsd 0
    kill -TERM "$(cat /run/cachefilesd.pid)"
    await 10 umount $cache || fail "umount $cache"
    nbd-client -d /dev/nbd0 >/dev/null || fail 'nbd-client -d'
}
