# The head of a script that runs, as a service, in a guest that systemd has booted, and what it asks of the package's units
# of one device. Says FAILED, FIGURES and ENDED on the console. Needs verdict.sh.
#
#   SCRIPT FILE.deb HOG
set -u
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/root
E2E_SLOWNESS=4 # see run: some machines are as slow
deb=$1
hog=$2

swap=ramzswap-swap@swap0.service
daemon=ramzswap@swap0.service
standby=ramzswap-standby@swap0.service

must() { # WHAT COMMAND...
    local what=$1
    shift
    echo "$what"
    "$@" || {
        fail "$what"
        journalctl --no-pager -b -o short-monotonic -u 'ramzswap*' | tail -60
    }
}

# A program with more pages than its cgroup may keep in memory, without its OPS: 0 for one without an end.
hog_in_cgroup=(systemd-run --quiet --scope -p MemoryMax=64M "$hog" 96)

property() { # UNIT NAME
    systemctl show --value -p "$2" "$1"
}

install() {
    must 'install' dpkg --no-triggers -i "$deb"
    # So small a machine wants a small device.
    sed -i 's/^size = .*/size = 512M/' /etc/ramzswap/swap0.conf
}

is_swapping() { # YES-OR-NO
    if grep -q '^/dev/nbd' /proc/swaps; then [ "$1" = yes ]; else [ "$1" = no ]; fi
}

is_in_use() { # KIB
    awk -v kib="$1" '/nbd/ && $4 > kib { found = 1 } END { exit !found }' /proc/swaps
}

# By the word that it leaves: a command would take a minute here, beside so much swap.
serves() { # UNIT
    grep -qx "pid=$(property "$1" MainPID)" /run/ramzswap/swap0.export
}
