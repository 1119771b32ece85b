# On the host: QEMU with a kernel of Debian's and the host's file tree, read-only, by 9p. For a script with "set -e".
#
# The kernel is this machine's newest, or the one that lies in the directory E2E_KERNEL, as get-kernel unpacks it.
#
# Emulated (TCG), unless E2E_KVM is set: a /dev/kvm that opens may still not run a guest.

if [ -n "${E2E_KERNEL:-}" ]; then
    release=$(basename "$E2E_KERNEL")
    kernel=$E2E_KERNEL/boot/vmlinuz-$release
    [ -e "$kernel" ] || kernel=$E2E_KERNEL/lib/modules/$release/vmlinuz # since 7.0
else
    kernel=$(find /boot -name 'vmlinuz-*-amd64' | sort -V | tail -1)
    release=${kernel#*/vmlinuz-}
fi
modules=${E2E_KERNEL:-}/lib/modules/$release

qemu_die() {
    echo "qemu: $*" >&2
    exit 2
}

# Says what is missing.
qemu_check() {
    local program accelerator=tcg
    [ -z "${E2E_KVM:-}" ] || accelerator=kvm
    for program in qemu-system-x86_64 busybox cpio modprobe; do
        command -v "$program" >/dev/null || qemu_die "no $program"
    done
    [ -e "$kernel" ] || qemu_die 'no kernel: /boot/vmlinuz-*-amd64'
    qemu-system-x86_64 -accel help | grep -qx "$accelerator" || qemu_die "it was built without $accelerator"
}

# An initramfs of busybox, the modules named, and those for the 9p tree. Its first process loads them, mounts the tree and
# goes on with what is read from standard input.
qemu_initrd() { # DIRECTORY MODULE...
    local directory=$1 tree=$1/tree module name
    shift
    mkdir -p "$tree"/{bin,modules,host,root,dev}
    cp "$(command -v busybox)" "$tree/bin/"
    for module in 9p 9pnet_virtio virtio_pci "$@"; do
        modprobe -d "${E2E_KERNEL:-/}" -S "$release" --show-depends "$module"
    done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >"$directory/modules"
    {
        echo '#!/bin/busybox sh'
        echo '/bin/busybox mount -t devtmpfs dev /dev'
        while read -r module; do
            name=$(basename "$module")
            qemu_unpack "$module" >"$tree/modules/${name%.ko*}.ko"
            echo "/bin/busybox insmod /modules/${name%.ko*}.ko"
        done <"$directory/modules"
        # Nobody changes the tree, so it may be cached: programs start from it.
        echo '/bin/busybox mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=262144 host /host || exit'
        cat
    } >"$tree/init"
    chmod +x "$tree/init"
    (cd "$tree" && find . | cpio -o -H newc --quiet | gzip -1) >"$directory/image"
}

qemu_unpack() { # FILE
    case $1 in
    *.xz) xz -dc "$1" ;;
    *.zst) zstd -dqc "$1" ;;
    *) cat "$1" ;;
    esac
}

# The console is stdout.
qemu_boot() { # DIRECTORY MEMORY KERNEL-PARAMETERS QEMU-OPTION...
    local directory=$1 memory=$2 parameters=$3 accelerator=tcg,thread=multi
    shift 3
    [ -z "${E2E_KVM:-}" ] || accelerator=kvm
    # Without features that TCG emulates slowly. One processor is faster and steadier than two under TCG.
    qemu-system-x86_64 -accel "$accelerator" -cpu "${E2E_QEMU_CPU:-max,la57=off,erms=off,fsrm=off}" -smp 1 -m "$memory" \
        -nodefaults -display none -no-reboot -serial stdio -kernel "$kernel" -initrd "$directory/image" \
        -append "console=ttyS0 quiet panic=-1 mitigations=off nokaslr random.trust_cpu=on $parameters" \
        -virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap "$@" </dev/null
}
