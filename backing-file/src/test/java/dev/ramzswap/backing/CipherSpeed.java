package dev.ramzswap.backing;

import dev.ramzswap.linux.LibCrypto;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.IntConsumer;
import java.util.zip.CRC32C;

/**
 * What encryption and tags cost, by the JVM's flags as shipped; from the project's root, after {@code mvn
 * test-compile}:
 *
 * <pre>
 *   java @nbd-server/src/runtime/home/java.options -cp backing-file/target/classes:backing-file/target/test-classes \
 *       dev.ramzswap.backing.CipherSpeed
 * </pre>
 */
final class CipherSpeed {
    private static final int RUNS = 5;
    private static final int SEGMENT_BYTES = BackingFile.SEGMENT_BYTES;

    private static final Arena ARENA = Arena.global();
    private static final MemorySegment KEY = ARENA.allocate(BackingFile.KEY_BYTES);
    private static final MemorySegment FROM = ARENA.allocate(SEGMENT_BYTES, 4096);
    private static final MemorySegment INTO = ARENA.allocate(SEGMENT_BYTES, 4096);

    /** Keeps results from being left out. */
    private static volatile int sink;

    private CipherSpeed() {}

    public static void main(String[] args) {
        cipher("JDK", new JdkCipher(KEY));
        if (LibCrypto.isAvailable()) {
            cipher(LibCrypto.version(), new NativeCipher(KEY));
        }
        checksums(1500);
        checksums(4100);
    }

    private static void cipher(String name, PageCipher cipher) {
        measure(name + ", segment", SEGMENT_BYTES, 100, i -> {
            cipher.apply(3, i, 0, FROM, 0, INTO, 0, SEGMENT_BYTES);
        });
        measure(name + ", record of 1504 bytes", 1504, 10_000, i -> {
            cipher.apply(3, i, 2056, FROM, 2056, FROM, 2056, 1504);
        });
        cipher.close();
    }

    private static void checksums(int bytes) {
        RecordTag tag = new RecordTag(KEY, bytes);
        measure("RecordTag, " + bytes + " bytes", bytes, 100_000, i -> sink = tag.tag(FROM, 6, bytes));
        ByteBuffer buffer = FROM.asByteBuffer();
        CRC32C crc = new CRC32C();
        measure("CRC-32C, " + bytes + " bytes", bytes, 100_000, i -> {
            buffer.limit(6 + bytes).position(6);
            crc.reset();
            crc.update(buffer);
            sink = (int) crc.getValue();
        });
    }

    /** The first run is for the compiler. */
    private static void measure(String what, int bytes, int calls, IntConsumer work) {
        double[] micros = new double[RUNS];
        for (int run = -1; run < RUNS; run++) {
            long begin = System.nanoTime();
            for (int i = 0; i < calls; i++) {
                work.accept(i);
            }
            if (run >= 0) {
                micros[run] = (System.nanoTime() - begin) / 1e3 / calls;
            }
        }
        Arrays.sort(micros);
        double median = micros[RUNS / 2];
        System.out.printf(
                "%-55s %9.3f us (%.3f to %.3f) %7.0f MB/s%n",
                what, median, micros[0], micros[RUNS - 1], bytes / median);
    }
}
