# Much swapped at once by a device without discard, which keeps what is dead: no page is refused, and the machine goes on
# answering commands.
memory=720
seconds=300

scenario() {
    serve --size 800M
    attach_by_nbd_client 0 swap0
    start_console
    start_hogs 4 160 5000
    free=150 # what stress-ng's share is taken of
    start_stress
    finish_load
    check_console
    detach 0
    check 'pages refused' "$(counter refused_stores)" = 0
}
