package dev.ramzswap.store;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.backing.DamagedDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * The records in a backing file that lies: whatever bytes of it are changed, a load gives the right page or says that
 * it is lost, one lost page harms no other operation, and compaction moves nothing to where it does not belong.
 *
 * <p>The input: a byte that says whether the file is encrypted and how many regions the limit is, and then operations
 * of four bytes: what, a number, and a slot or a place. Run by {@code ./ramzswap fuzz} (docs/testing.md), its corpus by
 * {@link FuzzCorpusTest}.
 */
public final class DamagedFileFuzz {
    private static final int SLOTS = 1000;
    private static final long FILE_BYTES = 8L * BackingFile.SEGMENT_BYTES;
    private static final int MOST_REGIONS = 7;
    private static final int OPERATION_BYTES = 4;
    private static final int MOST_OPERATIONS = 100;

    private DamagedFileFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) throws IOException {
        if (input.length == 0) {
            return;
        }
        DamagedDevice device = new DamagedDevice(FILE_BYTES);
        var backing = new StoreConfig.Backing(Path.of("memory"), FILE_BYTES, (input[0] & 1) != 0);
        StoreConfig config = new StoreConfig(
                "test",
                SLOTS,
                TestConfig.limitOf(SLOTS, 1 + (Byte.toUnsignedInt(input[0]) >>> 1) % MOST_REGIONS),
                CodecSpec.LZ4,
                StoreConfig.DEFAULT_CUTOFF,
                Optional.of(backing),
                true,
                0,
                Optional.empty());
        try (FuzzedStore store = new FuzzedStore(config, device::open)) {
            play(store, device, ByteBuffer.wrap(input, 1, input.length - 1));
            store.checkAll();
        }
    }

    private static void play(FuzzedStore store, DamagedDevice device, ByteBuffer input) throws IOException {
        for (int i = 0; i < MOST_OPERATIONS && input.remaining() >= OPERATION_BYTES; i++) {
            int what = Byte.toUnsignedInt(input.get());
            int number = Byte.toUnsignedInt(input.get());
            int slot = Short.toUnsignedInt(input.getShort());
            switch (what % 8) {
                case 0, 1 -> store.store(slot, number, slot);
                case 2 -> store.load(slot, number & 31);
                case 3 -> StoreFuzz.drop(store, what / 8, slot, number);
                case 4 -> store.patch(slot, number * 16, 1 + what * 8, number);
                case 5 -> store.keepFile();
                case 6 -> store.keepPool();
                default -> {
                    LockSupport.parkNanos(100_000); // for the segments that are being written
                    store.mayLose();
                    damage(device, slot, number);
                }
            }
        }
    }

    /** Flips the same bits all over the file, at one of 8 * 64 places of each 4 KiB: some of them hit any header. */
    private static void damage(DamagedDevice device, int place, int bits) {
        int step = 1 + (place >>> 9);
        for (long at = place & 511; at < FILE_BYTES; at += step * 512L) {
            device.flip(at, (byte) bits);
        }
    }
}
