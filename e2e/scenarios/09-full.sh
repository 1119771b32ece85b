# Memory and backing file are full: the kernel kills the load, and goes on.
memory=560
seconds=120
allowed_messages='out of memory|oom|write-error|i/o error'

scenario() {
    serve --size 1G --limit 48M --backing-file /run/ram/swap0 --backing-size 32M --overcommit
    attach_by_nbd_client 0 swap0
    "$e2e/target/hog" 1000 0 >/run/hog.log 2>&1
    check "hog's status: killed" $? = 137
    load
    detach 0
    check 'messages of the OOM killer' "$(dmesg | grep -c 'Out of memory: Killed process .*(hog)')" -gt 0
    check 'the daemon lives' -d "/proc/$daemon"
}
