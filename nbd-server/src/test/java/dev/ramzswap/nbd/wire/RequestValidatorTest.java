package dev.ramzswap.nbd.wire;

import static dev.ramzswap.nbd.wire.Protocol.*;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ramzswap.nbd.MemoryExport;
import dev.ramzswap.nbd.export.Export;
import dev.ramzswap.nbd.export.ExportSession;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestValidatorTest {
    private static final int SIZE = 64 << 20;
    private static final Export WRITABLE = new MemoryExport("w", SIZE);
    private static final Export READ_ONLY = new MemoryExport("r", SIZE, true);
    private static final int FUA = NBD_CMD_FLAG_FUA;

    @ParameterizedTest
    @CsvSource(textBlock = """
            # type, flags, offset, length, error
            0, 0, 0, 4096, 0
            0, 1, 67108863, 1, 0
            0, 0, 67108864, 0, 0
            0, 0, 67108864, 1, 22
            0, 0, 67108863, 2, 22
            0, 0, -1, 1, 22
            0, 0, 9223372036854775807, 1, 22
            0, 0, 0, 33554432, 0
            0, 0, 0, 33554433, 22
            0, 0, 0, 4294967295, 22
            0, 4, 0, 4096, 22
            0, 2, 0, 4096, 22
            0, 32768, 0, 4096, 22
            1, 0, 0, 33554432, 0
            1, 1, 1, 1, 0
            1, 0, 0, 33554433, 22
            1, 0, 67108864, 1, 28
            1, 0, -4096, 4096, 28
            1, 16, 0, 1, 22
            3, 0, 0, 0, 0
            3, 1, 0, 0, 0
            3, 0, 1, 0, 22
            3, 0, 0, 1, 22
            3, 2, 0, 0, 22
            4, 1, 0, 67108864, 0
            4, 0, 1, 67108864, 22
            4, 2, 0, 1, 22
            5, 0, 0, 67108864, 0
            5, 0, 0, 67108865, 22
            5, 8, 0, 1, 22
            6, 19, 0, 67108864, 0
            6, 0, 0, 67108865, 28
            6, 4, 0, 1, 22
            7, 0, 0, 1, 22
            8, 0, 0, 0, 22
            65535, 0, 0, 0, 22
            """)
    void answersAsTheDocumentAsks(int type, int flags, long offset, long length, int error) {
        assertEquals(error, check(false, false, false, type, flags, offset, length));
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            0, 4, 0, 262144, 0
            0, 5, 4096, 65536, 0
            0, 4, 0, 262145, 75
            0, 0, 0, 33554433, 75
            0, 8, 0, 1, 22
            7, 0, 0, 67108864, 0
            7, 9, 1, 1, 0
            7, 0, 0, 0, 22
            7, 0, 1, 67108864, 22
            7, 4, 0, 1, 22
            """)
    void withStructuredReplies(int type, int flags, long offset, long length, int error) {
        assertEquals(error, check(false, true, true, type, flags, offset, length));
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            0, 0, 0, 1, 0
            1, 0, 0, 1, 1
            1, 0, 0, 4294967295, 1
            4, 0, 0, 1, 1
            6, 0, 0, 1, 1
            6, 4, 0, 1, 22
            3, 0, 0, 0, 0
            5, 0, 0, 1, 0
            """)
    void onAReadOnlyExport(int type, int flags, long offset, long length, int error) {
        assertEquals(error, check(true, false, false, type, flags, offset, length));
    }

    @ParameterizedTest
    @CsvSource({"0", "1", "4", "5", "6"})
    void anyCommandMayCarryFua(int type) {
        assertEquals(ExportSession.OK, check(false, false, false, type, FUA, 0, 1));
    }

    private static int check(
            boolean readOnly, boolean structured, boolean status, int type, int flags, long offset, long length) {
        Request request = new Request();
        request.type = type;
        request.flags = flags;
        request.offset = offset;
        request.length = length;
        Export export = readOnly ? READ_ONLY : WRITABLE;
        return new RequestValidator(new Negotiated(export, structured, status)).check(request);
    }
}
