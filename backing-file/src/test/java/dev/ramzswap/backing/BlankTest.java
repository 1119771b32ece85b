package dev.ramzswap.backing;

import static dev.ramzswap.backing.BackingFile.SEGMENT_BYTES;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What may be somebody's is refused, wherever in a file it is, and nothing is changed by the refusal. */
class BlankTest {
    private static final long BYTES = 4L * SEGMENT_BYTES;
    private static final int FILE_BYTES = 3 << 20;

    @TempDir
    Path dir;

    private Path path;

    @BeforeEach
    void choosePath() {
        path = dir.resolve("file");
    }

    /** An offset below 0 is from the end. The places are those of libblkid. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0x10040 | _BHRfS_M | btrfs",
                "0x10034 | ReIsEr2Fs | ReiserFS",
                "0x10000 | 01 16 19 70 | GFS2",
                "0x1055c | 19 01 54 19 | UFS2",
                "0x438 | 53 ef | ext2, ext3 or ext4",
                "0x400 | 10 20 f5 f2 | F2FS",
                "0 | XFSB | XFS",
                "0 | 4c 55 4b 53 ba be | LUKS",
                "0x4000 | 53 4b 55 4c ba be | a second header of LUKS",
                "512 | LABELONE | a physical volume of LVM",
                "4086 | SWAPSPACE2 | swap",
                "4120 | c6 85 73 f6 4e 1a 45 ca | bcachefs or bcache",
                "4096 | fc 4e 2b a9 | a member of a Linux RAID",
                "-8192 | fc 4e 2b a9 | a member of a Linux RAID",
                "-65536 | fc 4e 2b a9 | a member of a Linux RAID",
                "512 | EFI PART | a partition table (GPT)",
                "-512 | EFI PART | a partition table (GPT)",
                "510 | 55 aa | a boot sector or a partition table",
                "-393216 | 0c b1 ba 00 00 00 00 00 | other content",
                "0x100000 | something behind 1 MiB of zeroes | other content",
                "-1 | x | other content",
            })
    void whatSomebodyKeepsThereIsRefusedByName(String offset, String content, String name) throws IOException {
        write(Long.decode(offset), content);
        byte[] before = Files.readAllBytes(path);
        IOException e = assertThrows(IOException.class, this::begin);
        assertTrue(
                e.getMessage().startsWith(path + " holds " + name + ", which would be overwritten: "), e.getMessage());
        assertTrue(e.getMessage().endsWith("rm " + path), e.getMessage());
        assertArrayEquals(before, Files.readAllBytes(path));
    }

    /** Also written ones, and of a length that is no multiple of anything. */
    @Test
    void zeroesAreNobodys() throws IOException {
        Files.write(path, new byte[FILE_BYTES + 4097]);
        begin();
    }

    @Test
    void theWayToMakeItBlankIsForAShell() throws IOException {
        path = Files.writeString(dir.resolve("the user's file"), "x");
        IOException e = assertThrows(IOException.class, this::begin);
        assertTrue(e.getMessage().endsWith("rm '" + dir + "/the user'\\''s file'"), e.getMessage());
    }

    private void begin() throws IOException {
        FileDevice.open(path, BYTES, new Label(1), NativeFile::open).close();
    }

    private void write(long offset, String content) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(FILE_BYTES);
            file.seek(offset < 0 ? FILE_BYTES + offset : offset);
            file.write(bytes(content));
        }
    }

    /** Text, or bytes in hexadecimal. */
    private static byte[] bytes(String content) {
        return content.matches("[0-9a-f]{2}( [0-9a-f]{2})*")
                ? HexFormat.ofDelimiter(" ").parseHex(content)
                : content.getBytes(ISO_8859_1);
    }
}
