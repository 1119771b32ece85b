# What makes the daemon safe to swap on, as the kernel sees it.

check_guard() { # PID
    local process=/proc/$1 status
    status=$(cat "$process/status")
    [ "$(cat "$process/oom_score_adj")" = -1000 ] || fail 'the OOM killer does not spare the daemon'
    grep -q '^@' "$process/cmdline" || fail 'the end of a shutdown does not spare the daemon'
    grep -q '^VmSwap:[[:space:]]*0 kB' <<<"$status" || fail "pages of the daemon are swapped out: $(grep VmSwap <<<"$status")"
    awk '{ kib[$1] = $2 } END { exit kib["VmLck:"] < kib["VmRSS:"] }' <<<"$status" ||
        fail "the daemon is not locked: $(grep -E 'VmLck|VmRSS' <<<"$status" | paste -sd ' ')"
    check_no_page_is_unlocked "$process"
    check_threads "$process"
}

# VmLck counts address space, so it says nothing of a single mapping: each that holds pages must have the flag "lo". The
# kernel locks none of its own, which it does not swap either: its "de" (not to be extended), "io" and "pf" ones.
check_no_page_is_unlocked() { # PROCESS
    local unlocked
    unlocked=$(awk '
        /^[0-9a-f]+-[0-9a-f]+ / { mapping = $0 }
        $1 == "Rss:" { resident = $2 }
        $1 == "VmFlags:" && resident > 0 && !/ (lo|de|io|pf)( |$)/ { print mapping, resident " kB" }
        END { if (NR == 0) print "unknown" }' "$1/smaps")
    [ -z "$unlocked" ] || fail "pages of the daemon are not locked: ${unlocked//$'\n'/; }"
}

# Bits 0x180000 (PF_MEMALLOC_NOIO, PF_LOCAL_THROTTLE) of the flags, field 9 of stat: counted from the end of the name, which
# may hold spaces.
check_threads() { # PROCESS
    local unmarked
    # shellcheck disable=SC2016 # awk's fields
    unmarked=$(cat "$1"/task/*/stat | awk '
        { thread = $0; sub(/.*\) /, ""); if (int($7 / 524288) % 4 != 3) print thread }
        END { if (NR == 0) print "unknown" }')
    [ -z "$unmarked" ] || fail "threads of the daemon that are no I/O flushers: ${unmarked//$'\n'/; }"
}
