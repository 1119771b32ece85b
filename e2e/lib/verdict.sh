# Checks and figures, and what the host reads of them; see guest.sh.

figures=

figure() { # NAME VALUE
    figures+=" $1=$2"
}

fail() { # WHY...
    echo "FAILED $*"
}

die() { # WHY...
    fail "$@"
    exit 1
}

check() { # WHAT TEST...
    local what=$1
    shift
    [ "$@" ] || fail "$what: not $*"
}

now() { # seconds since boot
    local uptime
    read -r uptime _ </proc/uptime
    echo "$uptime"
}

since() { # START
    awk -v start="$1" -v now="$(now)" 'BEGIN { printf "%.1f", now - start }'
}

vmstat() { # NAME
    awk -v name="$1" '$1 == name { print $2 }' /proc/vmstat
}

# Waits, as sleep does, but without a program, which might have to wait for its own pages.
mkfifo /run/nothing
exec {nothing}<>/run/nothing
pause() { # SECONDS
    read -rt "$1" -u "$nothing"
    true
}

# Tries COMMAND every 0.1 s until it succeeds.
await() { # SECONDS COMMAND...
    local end=$((EPOCHSECONDS + $1 * ${E2E_SLOWNESS:-1}))
    shift
    until "$@"; do
        [ $EPOCHSECONDS -lt $end ] || return 1
        pause 0.1
    done
}

check_kernel_messages() {
    local bad='i/o error|write-error|read-error|out of memory|hung task|BUG:|WARNING:|SIGBUS'
    bad+='|connection timed out|dead connection|(receive|send) .*failed|(double|unexpected|suspicious) reply'
    dmesg >/run/dmesg
    grep -iE "nbd|swap|$bad" /run/dmesg | tail -20
    local count
    count=$(grep -iE "$bad" /run/dmesg | grep -cviE "${allowed_messages:-nothing is}")
    figure bad_messages "$count"
    check 'bad kernel messages' "$count" = 0
}
