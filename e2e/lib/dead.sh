# What the daemon holds against what the kernel has, and processes that come and go.

# Slots that the kernel keeps ready for each processor count as used.
ready_slots=128

# Needs read_counters, and nothing that swaps meanwhile.
check_dead_slots() { # N NAME
    local stored used
    stored=$(($(counter orig_data_size "$2") / 4096))
    used=$(($(awk -v device="/dev/nbd$1" '$1 == device { print $4 }' /proc/swaps) / 4))
    grep "\"name\": \"$2\"" /run/status.json | grep -q '"slot_probe": "on"' || fail "nobody says what is freed of $2"
    check "slots of $2 that the kernel has freed" "$(counter freed_slots "$2")" -gt 500
    figure "stored_$2" "$stored"
    figure "used_$2" "$used"
    figure "freed_$2" "$(counter freed_slots "$2")"
    check "pages of $2 that the kernel has no more" $((stored - used)) -le $((used / 100 + 64))
    check "slots of $2 in use without a page" $((used - stored)) -le $((used / 100 + ready_slots))
}

# Hogs that fill their memory, work and end, one after the other of each four; and one of ten is killed.
churn() { # SECONDS MB OPS
    local end=$((EPOCHSECONDS + $1)) started=0
    hogs=()
    : >/run/hog.log
    while [ $EPOCHSECONDS -lt $end ]; do
        while [ ${#hogs[@]} -lt 4 ]; do
            "$e2e/target/hog" "$2" "$3" >>/run/hog.log 2>&1 &
            hogs+=($!)
            started=$((started + 1))
        done
        if [ $((started % 10)) = 0 ]; then
            kill -KILL "${hogs[0]}" 2>/dev/null # it may have ended
            wait "${hogs[0]}"
        else
            wait "${hogs[0]}"
            check "hog's status" $? = 0
        fi
        hogs=("${hogs[@]:1}")
    done
    figure processes "$started"
    finish_hogs
    figure pages_checked $(($(hog_result pages) + $(hog_result ops)))
    : >/run/stress.log
}
