package dev.ramzswap.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgressTest {
    private static final int PIECE = 256 << 10;
    private static final int PIECES = 16;

    @TempDir
    Path dir;

    @Test
    void aSlowDeviceIsToldOfEveryTwoSecondsWhileItIsWritten() throws IOException {
        List<String> expected = new ArrayList<>();
        for (int piece = 2; piece <= PIECES; piece += 2) {
            expected.add("reserving: " + piece * PIECE / (1 << 20) + " of 4 MiB");
        }
        assertEquals(expected, toldWhen(1_000_000_000));
    }

    @Test
    void whatIsQuickIsNotTold() throws IOException {
        assertEquals(List.of(), toldWhen(1));
    }

    @Test
    void whatHasNoMoreUseGoesNoFurther() throws IOException {
        int[] asked = {0};
        try (NativeFile file = NativeFile.open(dir.resolve("file"), NativeFile.O_RDWR | NativeFile.O_CREAT)) {
            InterruptedIOException e = assertThrows(
                    InterruptedIOException.class,
                    () -> ScopedValue.where(
                                    Progress.STOPPED,
                                    () -> ++asked[0] == 3 ? Optional.of("told to end") : Optional.empty())
                            .<Void, IOException>call(() -> {
                                Preallocation.of(file, 1L << 30, new Progress("reserving", 1L << 30));
                                return null;
                            }));
            assertEquals("told to end while reserving", e.getMessage());
            assertEquals(3, asked[0]);
            assertTrue(file.size() < 1L << 30);
        }
    }

    /** @param pieceNanos what the device takes for each piece */
    private List<String> toldWhen(long pieceNanos) throws IOException {
        List<String> told = new ArrayList<>();
        long[] now = {0};
        try (NativeFile file = NativeFile.open(dir.resolve("file"), NativeFile.O_RDWR | NativeFile.O_CREAT)) {
            ScopedValue.where(Progress.LISTENER, told::add)
                    .where(Progress.CLOCK, () -> now[0] += pieceNanos)
                    .<Void, IOException>call(() -> {
                        Preallocation.byWriting(file, (long) PIECES * PIECE, new Progress("reserving", PIECES * PIECE));
                        return null;
                    });
        }
        return told;
    }
}
