package dev.ramzswap.backing;

import static dev.ramzswap.backing.BlockDevice.ALIGNMENT;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * By what some of the common formats are known, so that a refusal can name what is there. Whether something is there
 * does not depend on this list, see {@link Blank}. Places as in libblkid (util-linux, libblkid/src/superblocks).
 *
 * @param offset bytes from the beginning, or, below 0, from the end
 * @param magic a byte for each character
 */
record Signature(String name, long offset, String magic) {
    private static final int MOST_BYTES = 2 * ALIGNMENT;

    private static final String RAID = "a member of a Linux RAID";
    private static final String RAID_MAGIC = "\u00fc\u004e\u002b\u00a9";
    private static final String OTHER_VERSION = "the backing file of another version of ramzswap";
    private static final String PARTITIONS = "a partition table (GPT)";

    /** Those that are sure first, then those of two bytes. */
    private static final List<Signature> FOREIGN = List.of(
            new Signature("LUKS", 0, "LUKS\u00ba\u00be"),
            new Signature("a second header of LUKS", 0x4000, "SKUL\u00ba\u00be"),
            new Signature("XFS", 0, "XFSB"),
            new Signature("btrfs", 0x10040, "_BHRfS_M"),
            new Signature("swap", 4086, "SWAPSPACE2"),
            new Signature("a physical volume of LVM", 512, "LABELONE"),
            new Signature(RAID, 0, RAID_MAGIC),
            new Signature(RAID, 4096, RAID_MAGIC),
            new Signature(RAID, -8192, RAID_MAGIC),
            new Signature(RAID, -65536, RAID_MAGIC),
            new Signature("bcachefs or bcache", 4096 + 24, "\u00c6\u0085\u0073\u00f6\u004e\u001a\u0045\u00ca"),
            new Signature("F2FS", 1024, "\u0010\u0020\u00f5\u00f2"),
            new Signature("ReiserFS", 0x10034, "ReIsEr"),
            new Signature("GFS2", 0x10000, "\u0001\u0016\u0019\u0070"),
            new Signature("UFS2", 0x1055c, "\u0019\u0001\u0054\u0019"),
            new Signature("JFS", 0x8000, "JFS1"),
            new Signature("ISO 9660", 0x8001, "CD001"),
            new Signature("NTFS", 3, "NTFS    "),
            new Signature("exFAT", 3, "EXFAT   "),
            new Signature("FAT", 82, "FAT32   "),
            new Signature("a disk image (qcow2)", 0, "QFI\u00fb"),
            new Signature(PARTITIONS, 512, "EFI PART"),
            new Signature(PARTITIONS, -512, "EFI PART"),
            new Signature("ext2, ext3 or ext4", 0x438, "\u0053\u00ef"),
            new Signature("a boot sector or a partition table", 510, "\u0055\u00aa"));

    private static final List<Signature> BACKING_FILES = List.of(
            new Signature("the backing file of another export, or what was made of one", 0, Label.NAME),
            new Signature(OTHER_VERSION, 0, Label.NAME_OF_ANY),
            // The first version had one block behind the last segment: in a file, and in a device of whole segments.
            new Signature(OTHER_VERSION, -Label.BYTES, Label.NAME_OF_ANY + "1"),
            new Signature(OTHER_VERSION, -BackingFile.SEGMENT_BYTES, Label.NAME_OF_ANY + "1"));

    /** What is known of the content of a file or device. */
    static Optional<String> find(NativeFile file) throws IOException {
        Optional<String> foreign = findForeign(file);
        return foreign.isPresent() ? foreign : findIn(BACKING_FILES, file);
    }

    /** What is known of what somebody else has made of it. */
    static Optional<String> findForeign(NativeFile file) throws IOException {
        return findIn(FOREIGN, file);
    }

    private static Optional<String> findIn(List<Signature> signatures, NativeFile file) throws IOException {
        long size = file.size();
        for (Signature signature : signatures) {
            if (signature.isIn(file, size)) {
                return Optional.of(signature.name);
            }
        }
        return Optional.empty();
    }

    private boolean isIn(NativeFile file, long size) throws IOException {
        long at = offset < 0 ? size + offset : offset;
        if (at < 0) {
            return false;
        }
        int within = (int) (at % ALIGNMENT);
        byte[] wanted = magic.getBytes(ISO_8859_1);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(MOST_BYTES, ALIGNMENT);
            int read = file.read(buffer, MOST_BYTES, at - within);
            return read >= within + wanted.length
                    && buffer.asSlice(within, wanted.length).mismatch(MemorySegment.ofArray(wanted)) < 0;
        }
    }
}
