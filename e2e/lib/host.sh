# On the host: what guests need that is built, and what they have said. For a script that has set e2e, target and logs.

build() {
    mkdir -p "$logs"
    local program
    for program in hog watchdog flusher console swapoff32; do
        gcc -O2 -Wall -Wextra -Werror -o "$target/$program" "$e2e/$program.c"
    done
    gcc -O2 -Wall -Wextra -Werror -shared -fPIC -o "$target/lock.so" "$e2e/lock.c"
    gcc -O2 -Wall -Wextra -Werror -shared -fPIC -o "$target/xstate.so" "$e2e/xstate.c" -ldl
}

# Unpacks Debian's packages, and the libraries that they need, below target/programs: this machine shall not have them, since it
# would serve others (NFS).
unpack() { # PACKAGE...
    local debs=$target/programs/debs
    mkdir -p "$debs"
    # shellcheck disable=SC2046 # one word for each package
    set -- "$@" $(apt-cache depends -i "$@" | sed -n 's/^ *Depends: \(lib[^<>]*\)$/\1/p' | grep -v '^libc6$' | sort -u)
    for package in "$@"; do
        [ -e "$debs/$package" ] && continue
        (cd "$debs" && apt-get -qq -o APT::Sandbox::User=root download "$package") || return
        dpkg-deb -x "$debs/${package}"_*.deb "$target/programs" || return
        mv "$debs/${package}"_*.deb "$debs/$package"
    done
}

# Prefixes each line with the seconds since the start.
with_time() {
    local start=${EPOCHREALTIME/./} line
    while IFS= read -r line; do
        printf '[%4d.%d] %s\n' $(((${EPOCHREALTIME/./} - start) / 1000000)) \
            $(((${EPOCHREALTIME/./} - start) / 100000 % 10)) "${line%$'\r'}"
    done
}

reported() { # WORD LOG: what the guest said on lines that begin with WORD
    sed -n "s/^\[[ 0-9.]*\] $1 \?//p" "$2"
}

# PASS or FAIL, and why.
judge() { # LOG MUST-FAIL
    local log=$1 must_fail=$2 failures
    failures=$(reported FAILED "$log" | paste -sd ';')
    if ! grep -q '\] ENDED' "$log"; then
        echo "FAIL the guest did not come to its end: $(grep -oE 'qemu: .*|WATCHDOG.*|Kernel panic.*' "$log" | head -1);$failures"
    elif [ -n "$must_fail" ]; then
        if grep -qE "$must_fail" <<<"$failures"; then
            echo "PASS failed as it must: $failures"
        else
            echo "FAIL passed, or failed of something else;$failures"
        fi
    elif [ -n "$failures" ]; then
        echo "FAIL $failures"
    else
        echo PASS
    fi
}
