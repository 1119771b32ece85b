# The daemon is killed with -9 five times under load, 5 s apart. Each time one that stands by takes over its pages and gives
# the device its connection back, before any request has failed.
fast=yes
memory=1000
seconds=300
allowed_messages='connection timed out|dead connection|(receive|send) .*failed'

scenario() {
    load_through_kills
    detach 0
    check_takeovers
}
