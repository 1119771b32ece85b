package dev.ramzswap.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Any sequence of operations on the slot map and the pool, compaction and takeovers among them, against a
 * {@link FuzzedStore}'s model.
 *
 * <p>The input: a byte that says whether there is a state directory, without which nobody can take over, and then
 * operations of four bytes: what, a number, and a slot. Run by {@code ./ramzswap fuzz} (docs/testing.md), its corpus by
 * {@link FuzzCorpusTest}.
 */
public final class StoreFuzz {
    private static final int SLOTS = 1000;
    private static final int OPERATION_BYTES = 4;
    private static final int MOST_OPERATIONS = 100;
    private static final int MOST_TAKEOVERS = 4;

    private StoreFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) throws IOException {
        if (input.length == 0) {
            return;
        }
        TestConfig config = new TestConfig(SLOTS);
        ByteBuffer operations = ByteBuffer.wrap(input, 1, input.length - 1);
        if ((input[0] & 1) == 0) {
            play(config.build(), operations, 0);
            return;
        }
        Path directory = Files.createTempDirectory("fuzz");
        try {
            play(config.stateDirectory(directory).build(), operations, MOST_TAKEOVERS);
        } finally {
            for (String part : new String[] {"map", "pool", "counters"}) {
                Files.deleteIfExists(directory.resolve("test." + part));
            }
            Files.delete(directory);
        }
    }

    private static void play(StoreConfig config, ByteBuffer input, int takeovers) throws IOException {
        int takeoversLeft = takeovers;
        try (FuzzedStore store = new FuzzedStore(config, backing -> null)) {
            for (int i = 0; i < MOST_OPERATIONS && input.remaining() >= OPERATION_BYTES; i++) {
                int what = Byte.toUnsignedInt(input.get());
                int number = Byte.toUnsignedInt(input.get());
                int slot = Short.toUnsignedInt(input.getShort());
                switch (what % 10) {
                    case 0 -> store.store(slot, number, slot);
                    case 1, 2 -> store.store(slot, 1, number);
                    case 3 -> store.load(slot, 1);
                    case 4 -> store.invalidate(slot, number & 63, 1 + (number >>> 6));
                    case 5 -> store.patch(slot, number * 16, 1 + what * 8, number);
                    case 6 -> store.keepPool();
                    case 7 -> store.gather();
                    case 8 -> store.setCodec(number);
                    default -> {
                        if (takeoversLeft > 0) {
                            takeoversLeft--;
                            store.reopen();
                        }
                    }
                }
            }
            store.checkAll();
        }
    }
}
