# Two devices of one daemon with a limit each; the kernel takes turns at them.
memory=600
seconds=200

scenario() {
    serve --export name=small,size=128M,limit=16M,backing-file=/run/ram/small \
        --export name=large,size=300M,limit=400M,codec=zstd:1
    attach_by_nbd_client 0 small
    attach_by_nbd_client 1 large
    load
    detach 0
    detach 1
    check_limit small $((16 << 20))
    check_limit large $((400 << 20))
    local name
    for name in small large; do
        check "pages stored in $name" $(($(counter succ_stores $name) + $(counter failed_stores $name))) -gt 5000
    done
}
