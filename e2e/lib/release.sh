# Packages of another release of Debian's, from the archive that this machine has its own from, in a configuration of apt that is
# private to the working directory. For anybody, and for sh. There may be no such release, as for another distribution, nor a
# network.

release_begin() { # SUITE: as trixie, or trixie-backports
    mkdir -p sources lists cache
    release_sources "$1" "$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)"
    release_apt apt-get update || true # a suite that only this machine's release has
}

# Sources of this machine's release, in either format of apt, become those of the other one.
release_sources() { # SUITE OWN
    for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ ! -e "$list" ] || sed -n "s/^\(deb[[:space:]].*[[:space:]]\)$2\([[:space:]-]\)/\1$1\2/p" "$list"
    done >sources/lists.list
    for list in /etc/apt/sources.list.d/*.sources; do
        ! grep -qs "^Suites:.*[[:space:]]$2" "$list" ||
            sed "/^Suites:/s/\([[:space:]]\)$2/\1$1/g" "$list" >"sources/$(basename "$list")"
    done
}

# Whatever is installed here counts as not there: it may be newer.
release_apt() { # PROGRAM WORD...
    release_program=$1
    shift
    "$release_program" -qq -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$PWD/sources" -o Dir::State::status=/dev/null \
        -o "Dir::State::lists=$PWD/lists" -o "Dir::Cache=$PWD/cache" -o APT::Sandbox::User= -o Acquire::Retries=3 "$@"
}

# Unpacks packages into a directory.
release_unpack() { # DIRECTORY PACKAGE...
    release_tree=$1
    shift
    release_apt apt-get download "$@" || return
    for package in *.deb; do
        dpkg-deb -x "$package" "$release_tree"
    done
}

release_end() {
    rm -rf -- *.deb sources lists cache
}
