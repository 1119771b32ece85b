package dev.ramzswap.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Any sequence of operations on the slot map and the pool, compaction and takeovers among them, against a
 * {@link FuzzedStore}'s model.
 *
 * <p>The input: a byte that says whether there is a state directory, without which nobody can take over, and whether
 * the keeper has a thread of its own; and then operations of four bytes: what, a number, and a slot. The limit is one
 * of them: stores may be refused then, but memory must come down to it. Run by {@code ./ramzswap fuzz}
 * (docs/testing.md), its corpus by {@link FuzzCorpusTest}.
 */
public final class StoreFuzz {
    private static final int SLOTS = 1000;
    private static final int OPERATION_BYTES = 4;
    private static final int MOST_OPERATIONS = 100;
    private static final int MOST_TAKEOVERS = 4;
    private static final int HAS_STATE = 1;
    private static final int TWO_THREADS = 2;

    /** In the number of the operation that changes codec or limit: the limit, of so many regions as the rest says. */
    private static final int IS_LIMIT = 0x80;

    private static final int MOST_REGIONS = 31;

    private static final ExecutorService KEEPER = Executors.newSingleThreadExecutor(
            task -> Thread.ofPlatform().daemon().name("fuzzed keeper").unstarted(task));

    private StoreFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) throws IOException {
        if (input.length == 0) {
            return;
        }
        TestConfig config = new TestConfig(SLOTS).overcommit();
        ByteBuffer operations = ByteBuffer.wrap(input, 1, input.length - 1);
        if ((input[0] & HAS_STATE) == 0) {
            if ((input[0] & TWO_THREADS) == 0) {
                play(config.build(), operations, 0);
            } else {
                playInTwoThreads(config.build(), operations);
            }
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

    /** All that the keeper does, another thread does, as it likes, while the operations between are played. */
    private static void playInTwoThreads(StoreConfig config, ByteBuffer input) throws IOException {
        ByteBuffer forKeeper = input.duplicate();
        try (FuzzedStore store = new FuzzedStore(config, _ -> null)) {
            store.share(true);
            Future<?> keeping = KEEPER.submit(() -> keep(store, forKeeper));
            try {
                for (int i = 0; i < MOST_OPERATIONS && input.remaining() >= OPERATION_BYTES; i++) {
                    use(store, input);
                }
            } finally {
                keeping.get(); // Before the store is closed under it.
            }
            store.share(false);
            store.checkAll();
        } catch (InterruptedException | ExecutionException e) {
            throw new AssertionError(e);
        }
    }

    private static void use(FuzzedStore store, ByteBuffer input) {
        int what = Byte.toUnsignedInt(input.get());
        int number = Byte.toUnsignedInt(input.get());
        int slot = Short.toUnsignedInt(input.getShort());
        switch (what % 10) {
            case 0 -> store.store(slot, number, slot);
            case 1, 2 -> store.store(slot, 1, number);
            case 3 -> store.load(slot, 1);
            case 4 -> drop(store, what / 10, slot, number);
            case 5 -> store.patch(slot, number * 16, 1 + what * 8, number);
            default -> {}
        }
    }

    /** As a request says, or as the kernel frees slots. */
    static void drop(FuzzedStore store, int way, int slot, int number) {
        switch (way & 1) {
            case 0 -> store.invalidate(slot, number & 63, 1 + (number >>> 6));
            default -> store.free(slot, number & 63, 1 + (number >>> 6));
        }
    }

    private static void tune(FuzzedStore store, int number) {
        if ((number & IS_LIMIT) == 0) {
            store.setCodec(number);
        } else {
            store.setLimit(number & MOST_REGIONS);
        }
    }

    private static Void keep(FuzzedStore store, ByteBuffer input) throws IOException {
        for (int i = 0; i < MOST_OPERATIONS && input.remaining() >= OPERATION_BYTES; i++) {
            int operation = input.getInt();
            switch ((operation >>> 24) % 10) {
                case 6 -> store.keepPool();
                case 7 -> store.gather();
                case 8 -> tune(store, operation >>> 16 & 0xff);
                default -> Thread.yield();
            }
        }
        return null;
    }

    private static void play(StoreConfig config, ByteBuffer input, int takeovers) throws IOException {
        int takeoversLeft = takeovers;
        try (FuzzedStore store = new FuzzedStore(config, backing -> null)) {
            for (int i = 0; i < MOST_OPERATIONS && input.remaining() >= OPERATION_BYTES; i++) {
                int what = Byte.toUnsignedInt(input.get(input.position()));
                int number = Byte.toUnsignedInt(input.get(input.position() + 1));
                use(store, input);
                switch (what % 10) {
                    case 6 -> store.keepPool();
                    case 7 -> store.gather();
                    case 8 -> tune(store, number);
                    case 9 -> {
                        if (takeoversLeft > 0) {
                            takeoversLeft--;
                            store.reopen();
                        }
                    }
                    default -> {}
                }
            }
            store.checkAll();
        }
    }
}
