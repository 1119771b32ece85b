package dev.ramzswap.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * What a file lies in (statfs(2)). Unlike {@link java.nio.file.FileStore}, it needs no entry of the mount table, which
 * has none for the root of a chroot.
 *
 * @param type its magic number, one of those below or any other
 * @param total bytes in all; 0 on memory file systems without a limit
 * @param free bytes that nobody has taken; some of them may be for root alone
 */
public record FileSystem(long type, long total, long free) {
    // linux/magic.h
    public static final long BTRFS = 0x9123_683eL;
    public static final long CIFS = 0xff53_4d42L;
    public static final long NFS = 0x6969L;
    public static final long NILFS2 = 0x3434L;
    public static final long RAMFS = 0x8584_58f6L;
    public static final long SMB2 = 0xfe53_4d42L;
    public static final long TMPFS = 0x0102_1994L;
    // fs/bcachefs/bcachefs_format.h
    public static final long BCACHEFS = 0xca45_1a4eL;
    // include/sys/zfs_vfsops.h of OpenZFS
    public static final long ZFS = 0x2fc1_2fc1L;

    // struct statfs of asm-generic/statfs.h, on machines of 64 bits
    static final long STATFS_BYTES = 120;
    private static final long BLOCKS_OFFSET = 16;
    private static final long FREE_OFFSET = 24;
    private static final long FRAGMENT_BYTES_OFFSET = 72;

    /** f_type is a long, of which file systems fill in the lower half, some of them with a sign. */
    private static final long TYPE_MASK = 0xffff_ffffL;

    /** Whether what it holds takes memory. */
    public boolean isMemory() {
        return type == TMPFS || type == RAMFS;
    }

    /**
     * Whether the lock of one open file may keep another from reading and writing there. SMB's locks do
     * (fs/smb/client/file.c, cifs_find_lock_conflict); those of NFSv4 may, as the server has it (RFC 8881, 9.1.2).
     */
    public boolean mayLockMandatorily() {
        return type == NFS || type == CIFS || type == SMB2;
    }

    /** Its name, if it writes a copy of what is overwritten, always. */
    public Optional<String> copyingName() {
        if (type == BCACHEFS) {
            return Optional.of("bcachefs");
        }
        if (type == NILFS2) {
            return Optional.of("NILFS2");
        }
        return type == ZFS ? Optional.of("ZFS") : Optional.empty();
    }

    static FileSystem of(MemorySegment statfs) {
        long fragment = statfs.get(JAVA_LONG, FRAGMENT_BYTES_OFFSET);
        return new FileSystem(
                statfs.get(JAVA_LONG, 0) & TYPE_MASK,
                statfs.get(JAVA_LONG, BLOCKS_OFFSET) * fragment,
                statfs.get(JAVA_LONG, FREE_OFFSET) * fragment);
    }
}
