#!/bin/sh
# Installs ramzswap from this tarball on any distribution with glibc 2.34 or newer. Its units need systemd.
#
#   sudo ./install.sh                installs, or upgrades what it installed before, under live swap too
#   sudo ./install.sh --uninstall    removes all of that; /etc/ramzswap stays where it was changed
#
# From the environment:
#   PREFIX     where it is installed, /usr/local if not given; give the same again to upgrade or uninstall
#   DESTDIR    for who makes a package: files are put there, and that is all
set -eu
umask 022
export LC_ALL=C # sort and uniq: bytes

here=$(dirname "$(readlink -f "$0")")
[ -e "$here/contents" ] || PREFIX=${here%/lib/ramzswap} # what was installed, to uninstall
PREFIX=${PREFIX:-/usr/local}
PREFIX=${PREFIX%/}
DESTDIR=${DESTDIR:-}
lib=$PREFIX/lib/ramzswap
manifest=$lib/installed # files, and directories, with a / at the end, that were not there before
configuration=/etc/ramzswap/swap0.conf
pristine=$lib/etc/ramzswap/swap0.conf # tells whether that was changed
installed_as=$(sed -n 's|/lib/ramzswap/install\.sh$||p' "$manifest" 2>/dev/null || true) # PREFIX as it was spelt

# Where systemd looks for units, generators and tmpfiles.d, whatever the distribution: a third prefix is none of its places.
searched=/usr/local/lib
[ "$PREFIX" != /usr ] || searched=/usr/lib

die() {
    echo "install.sh: $*" >&2
    exit 1
}

# What a package does when it is installed, upgraded and removed is done by its own scripts.
maintain() { # SCRIPT ACTION
    [ -e "$here/maintainer/$1" ] || return 0 # an uninstall was killed when it was almost done
    PATH=$PREFIX/bin:$PATH sh "$here/maintainer/$1" "$2" # where it lies may be mounted noexec
}

check_arguments() {
    case $PREFIX in
    '' | [!/]* | *[!A-Za-z0-9/._-]*) die "PREFIX=$PREFIX: an absolute path of letters, digits and ._- is needed" ;;
    esac
    if [ -n "$DESTDIR" ]; then
        [ "$(readlink -m "$DESTDIR")" != / ] || die "DESTDIR=$DESTDIR is this machine: leave it away"
        return
    fi
    [ "$(id -u)" = 0 ] || die 'needs root: sudo ./install.sh'
}

# Two at once would mix their versions. Nobody but root can open what is locked, and so lock it.
lock() {
    (umask 077 && : >>/run/ramzswap-install.lock)
    exec 9>>/run/ramzswap-install.lock
    flock -n 9 || die 'another install.sh is at work: try again when that has ended'
}

# Of an upgrade, what is missing would go as obsolete.
check_contents() {
    (cd "$here" && sha256sum -c contents >/dev/null 2>&1) ||
        die "files in $here are missing, or not those of the tarball: unpack it again"
}

# SOURCE DESTINATION, each line. zsh looks into site-functions everywhere, into vendor-completions on Debian alone.
files() {
    sed "
        s|^[^ ]*  ||
        s|.*|& &|
        s| root/usr/lib/systemd/| $searched/systemd/|
        s| root/usr/lib/tmpfiles\.d/| $searched/tmpfiles.d/|
        s| root/usr/share/zsh/vendor-completions/| $PREFIX/share/zsh/site-functions/|
        s| root/usr/| $PREFIX/|
        s| root/etc/| $lib/etc/|
        s| LICENSE| $PREFIX/share/doc/ramzswap/LICENSE|
        s| install\.sh| $lib/install.sh|
        s| maintainer/| $lib/maintainer/|" "$here/contents"
}

# cmp is not everywhere.
is_unchanged() {
    [ -f "$DESTDIR$pristine" ] && [ -f "$DESTDIR$configuration" ] && [ ! -L "$DESTDIR$configuration" ] &&
        [ "$(cat "$DESTDIR$pristine")" = "$(cat "$DESTDIR$configuration")" ]
}

# As dpkg has it: put once, and then again where it is as it was put. Who has deleted it, or made it a link, wants that.
is_configuration_ours() {
    if [ -e "$DESTDIR$pristine" ]; then
        is_unchanged
    else
        [ ! -e "$DESTDIR$configuration" ] && [ ! -L "$DESTDIR$configuration" ]
    fi
}

# Adds it to the files on standard input. Before the pristine one, or a kill between the two would be taken for a deletion.
with_configuration() {
    ! is_configuration_ours || echo "root$configuration $configuration"
    cat
}

# Of the files on standard input, from the outermost on, with a / at the end.
missing_directories() {
    awk -F / '{ path = "/"; for (i = 2; i < NF; i++) { path = path $i "/"; print path } }' | sort -u |
        while read -r directory; do
            [ -d "$DESTDIR$directory" ] || echo "$directory"
        done
}

# Times stay, which the AOT cache has of the jars; owner and mode are not those that the unpacked tarball has, but for whether
# it is a program: as find sees it, also where nothing can be executed (noexec).
make() { # SOURCE FILE
    mode=644
    [ -z "$(find "$here/$1" -perm -100)" ] || mode=755
    case $1 in
    root/usr/lib/systemd/system/*)
        sed "s|/usr/bin/ramzswap|$PREFIX/bin/ramzswap|; s|/usr/lib/ramzswap|$lib|" "$here/$1" >"$2"
        ;;
    *)
        if [ -L "$here/$1" ]; then
            cp -P "$here/$1" "$2"
        else
            install -p -m $mode "$here/$1" "$2"
        fi
        ;;
    esac
}

# What comes before the first file is put, and may find no room.
prepare() { # COMMAND ...
    said=$("$@" 2>&1) ||
        die "$said: what was installed before is as it was; try again when there is room, and $PREFIX is not read-only"
}

# Never written to where it is: daemons of the version before have it mapped. All are made, and on the disk, before the first
# is put, and then nothing interrupts it, so that neither a full file system, ^C nor a power cut then leaves a mixture of two
# versions. systemd runs no generator whose name ends with ~ (hidden_or_backup_file).
put_files() {
    while read -r directory; do
        prepare mkdir -p "$DESTDIR$directory"
    done <"$work/directories"
    while read -r source destination; do
        prepare make "$source" "$DESTDIR$destination.new~"
    done <"$work/files"
    prepare sync -f "$DESTDIR$lib" "$DESTDIR$searched" "$DESTDIR${configuration%/*}"
    (
        trap '' HUP INT QUIT TERM
        while read -r _ destination; do
            mv -f "$DESTDIR$destination.new~" "$DESTDIR$destination"
        done <"$work/files"
    )
}

clean_up() {
    trap '' HUP INT QUIT TERM
    if [ -e "$work/files" ]; then
        while read -r _ destination; do
            rm -f "$DESTDIR$destination.new~"
        done <"$work/files"
        rm -f "$DESTDIR$manifest.new"
    fi
    rm -rf "$work"
}

# A package has its own scripts and its own word of what was changed.
stage() {
    check_contents
    files | grep -v -e '^install\.sh ' -e '^maintainer/' -e '^root/etc/' | with_configuration >"$work/files"
    cut -d ' ' -f 2 "$work/files" | missing_directories >"$work/directories"
    mkdir -p "$DESTDIR"
    put_files
}

# Before anything is touched: units of a package, or with another PREFIX, are not replaced, nor removed by a half install.
check_units() {
    for place in /usr/lib /usr/local/lib; do
        units=$place/systemd/system
        [ ! -e "$units/ramzswap@.service" ] || are_ours "$units/ramzswap@.service.d/10-guard.conf" ||
            die "another ramzswap is installed, a package's or with another PREFIX: remove that first (its units are in $units)"
    done
}

are_ours() { # WHAT-THE-UNITS-RUN
    [ $place = $searched ] && [ -e "$manifest" ] && { [ ! -e "$1" ] || grep -q "^ExecStart=$installed_as/bin/ramzswap " "$1"; }
}

check_place() {
    # What it had under other paths would go as obsolete, which is what has just been put.
    [ "${installed_as:-$PREFIX}" = "$PREFIX" ] || die "it was installed with PREFIX=$installed_as: give that again, spelt alike"
    check_units
    case $(readlink -m "$PREFIX")/ in
    /home/* | /root/* | /run/user/* | /tmp/* | /var/tmp/*)
        die "PREFIX=$PREFIX: the daemons' units see nothing below /home, /root, /run/user, /tmp and /var/tmp: take another"
        ;;
    esac
    [ ! -e /var/lib/dpkg/info/ramzswap.list ] ||
        die "the package was removed, and would take the configuration when it is purged: say 'apt-get purge ramzswap' first"
    "$here/root/usr/lib/ramzswap/bin/ramzswap" --version >/dev/null ||
        die "the programs of this tarball do not run here: they need another machine than $(uname -m), glibc 2.34, or a" \
            'directory that is not mounted noexec'
}

# What somebody else has put there is not overwritten, nor removed later.
check_files() {
    comm -13 "$work/old" "$work/new" | while read -r file; do
        { [ ! -e "$file" ] && [ ! -L "$file" ]; } || die "$file is there already, and not from here: move it away"
    done
}

# What this script has installed; an empty file after a power cut would be a dead end.
record() { # LIST
    cp "$1" "$manifest.new" && sync "$manifest.new" && mv -f "$manifest.new" "$manifest"
}

install_all() {
    lock
    check_contents
    check_place
    [ ! -e "$manifest" ] || maintain preinst upgrade
    : >"$work/old"
    [ ! -e "$manifest" ] || cp "$manifest" "$work/old"
    files | cut -d ' ' -f 2 | sort >"$work/new"
    check_files
    files | with_configuration >"$work/files"
    { cat "$work/new"; echo "$configuration"; } | missing_directories >"$work/directories"
    # What is interrupted now can be uninstalled.
    sort -u "$work/old" "$work/new" "$work/directories" >"$work/all"
    prepare mkdir -p "$lib"
    prepare record "$work/all"
    put_files
    remove_obsolete
    [ -z "$(command -v restorecon)" ] || restorecon -i -f "$manifest" || true # SELinux's labels; it says what is wrong
    maintain postinst configure
    say_what_next
}

# What the version before had, and this one has not.
remove_obsolete() {
    grep -v '/$' "$work/old" | sort - "$work/new" "$work/new" | uniq -u >"$work/obsolete"
    while read -r file; do
        rm -f "$file"
    done <"$work/obsolete"
    sort "$work/all" "$work/obsolete" | uniq -u >"$work/left"
    record "$work/left"
}

say_what_next() {
    cat <<-NEXT
	$("$PREFIX/bin/ramzswap" --version) is installed in $PREFIX. Next, as root:
	    $PREFIX/bin/ramzswap doctor                 # whether this machine can swap on it
	    systemctl enable --now ramzswap-swap@swap0  # swaps on it, now and at each boot; $configuration has its size, 2 GiB
	To remove it: $lib/install.sh --uninstall
	NEXT
}

# Devices: the kernel tells whose they are, or, with nbd-client, the record of 'ramzswap swapon' does.
swapped_on() {
    sed -n 's|^/dev/\(nbd[0-9]*\)[[:space:]].*|\1|p' /proc/swaps | while read -r device; do
        ! grep -qs '^ramzswap:' "/sys/block/$device/backend" && ! grep -qs "^/dev/$device " /run/ramzswap/*.swap ||
            echo "/dev/$device"
    done
}

daemons() {
    place=$(readlink -f "$lib")
    for process in /proc/[0-9]*; do
        case $(readlink "$process/exe") in
        "$place"/*) echo "${process#/proc/}" ;;
        esac
    done
}

check_use() {
    used=$(swapped_on)
    [ -z "$used" ] || die "this machine swaps on ramzswap ($used): say 'systemctl disable --now ramzswap-swap@NAME', or" \
        "'ramzswap swapoff NAME' if it was swapped on by hand"
    used=$(daemons)
    # shellcheck disable=SC2086 # on one line
    [ -z "$used" ] || die "ramzswap runs still, as process" $used": say 'systemctl stop \"ramzswap*@*.service\"', or" \
        "'ramzswap stop NAME' if it was started by hand (ramzswap status has the name)"
}

uninstall() {
    lock
    [ -e "$manifest" ] || die "install.sh has installed nothing in $PREFIX"
    check_units
    check_use
    touch -c "$manifest" "$searched" 2>/dev/null ||
        die "$PREFIX or $searched cannot be written to: remount it (mount -o remount,rw)"
    maintain prerm remove
    grep '/$' "$manifest" | sort -r >"$work/directories"
    # What this is repeated by, if it is interrupted, goes last.
    grep -vE "/\$|^$installed_as/lib/ramzswap/(etc/|maintainer/|install\.sh\$)" "$manifest" | while read -r file; do
        rm -f "$file" "$file.new~"
    done
    rm -f "$configuration.new~"
    ! is_unchanged || rm -f "$configuration"
    maintain postrm purge
    rm -rf "$lib/maintainer" "${lib:?}/etc" "$lib/install.sh.new~" "$lib/install.sh" "$manifest.new" "$manifest"
    while read -r directory; do
        rmdir "$directory" 2>/dev/null || true # somebody else may have put something there
    done <"$work/directories"
}

check_arguments
work=$(mktemp -d)
trap clean_up EXIT
trap 'exit 1' HUP INT QUIT TERM
case $#${1:-} in
0) [ -e "$here/contents" ] || die 'unpack the tarball, and say this there: here is only what uninstalls' ;;
1--uninstall) ;;
*) die 'usage: [PREFIX=/usr/local] [DESTDIR=] ./install.sh [--uninstall]' ;;
esac
if [ $# != 0 ]; then
    [ -z "$DESTDIR" ] || die 'DESTDIR is for who makes a package; remove that directory'
    uninstall
elif [ -n "$DESTDIR" ]; then
    stage
else
    install_all
fi
