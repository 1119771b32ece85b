# All pages stay in RAM.
fast=yes
memory=460
seconds=120

scenario() {
    serve --size 1G
    attach 0 swap0
    load
    detach 0
}
