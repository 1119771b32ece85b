package dev.ramzswap.store;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.ramzswap.backing.BackingFile;
import dev.ramzswap.linux.MappedFile;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * The process that {@link StoreKillTest} kills: takes over what its predecessor left, checks every slot and the
 * {@link Invariants}, and goes on storing, loading and invalidating, while limit and codec change, until it is killed.
 *
 * <p>A journal in a mapped file says of each slot which page it must hold, and, while an operation is under way, which
 * one it may hold as well. A page is a number above 0 ({@link Pages}); 0 is a hole.
 */
final class KilledStore {
    static final int SLOTS = 3000;
    private static final int THREADS = 2;
    private static final long LIMIT = 1 << 20;

    private final PageStore store;
    private final Parts parts;
    private final MemorySegment journal;

    private KilledStore(PageStore store, Parts parts, MemorySegment journal) {
        this.store = store;
        this.parts = parts;
        this.journal = journal;
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        Thread.ofPlatform().daemon().start(KilledStore::endWithTheTest);
        Path directory = Path.of(arguments[0]);
        long seed = Long.parseLong(arguments[1]);
        MappedFile journal = MappedFile.at(directory.resolve("journal"), 2L * SLOTS * Long.BYTES);
        StoreConfig config = new TestConfig(SLOTS)
                .ahead(seed % 2 << 19)
                .backing(directory.resolve("file"))
                .stateDirectory(directory)
                .build();
        StoreFiles files = StoreFiles.open(config, BackingFile::open);
        KilledStore killed = new KilledStore(PageStore.open(config, files), files.parts(), journal.memory());
        killed.check();
        for (int i = 0; i < THREADS; i++) {
            int id = i;
            Thread.ofPlatform().start(() -> killed.play(id, new SplittableRandom(seed + id)));
        }
        System.out.println("serving");
        killed.change(new SplittableRandom(seed));
    }

    /** A test that is killed kills nobody: the end of its pipe does. */
    private static void endWithTheTest() {
        try {
            System.in.transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            System.err.println(e);
        }
        Runtime.getRuntime().halt(1);
    }

    private void check() throws InterruptedException {
        try {
            Invariants.checkPaused(store, parts, "taken over");
        } catch (AssertionError e) {
            System.out.println(e);
            Runtime.getRuntime().halt(1);
        }
        checkSlots();
    }

    private void checkSlots() {
        ByteBuffer page = Pages.buffer();
        try (Workspace work = store.workspace()) {
            for (int slot = 0; slot < SLOTS; slot++) {
                int status = store.load(slot, page, 0, work);
                long found = holds(page, must(slot)) ? must(slot) : may(slot);
                if (status != StoreStatus.OK || !holds(page, found)) {
                    fail(slot, "status " + status + ", neither page " + must(slot) + " nor " + may(slot));
                }
                done(slot, found);
            }
        }
    }

    private void play(int id, SplittableRandom random) {
        ByteBuffer page = Pages.buffer();
        try (Workspace work = store.workspace()) {
            while (true) {
                int slot = random.nextInt(SLOTS / THREADS) * THREADS + id;
                switch (random.nextInt(8)) {
                    case 0 -> {
                        begin(slot, 0);
                        store.invalidate(slot, work);
                        done(slot, 0);
                    }
                    case 1, 2 -> {
                        if (store.load(slot, page, 0, work) != StoreStatus.OK || !holds(page, must(slot))) {
                            fail(slot, "not page " + must(slot) + " while it runs");
                        }
                    }
                    default -> {
                        long number = 1 + random.nextLong(Long.MAX_VALUE - 1);
                        Pages.fill(page, number);
                        begin(slot, number);
                        if (store.store(slot, page, 0, work) != StoreStatus.OK) {
                            fail(slot, "not stored");
                        }
                        done(slot, number);
                    }
                }
            }
        }
    }

    private void change(SplittableRandom random) {
        CodecSpec[] codecs = {CodecSpec.LZ4, CodecSpec.parse("zstd:1")};
        while (true) {
            store.setLimit(random.nextInt(3) == 0 ? StoreConfig.NO_LIMIT : LIMIT + random.nextInt(4 << 20));
            store.setCodec(codecs[random.nextInt(codecs.length)]);
            LockSupport.parkNanos(2_000_000);
        }
    }

    private static boolean holds(ByteBuffer page, long number) {
        return Pages.equal(page, number == 0 ? Pages.buffer() : Pages.page(number));
    }

    private long must(int slot) {
        return journal.getAtIndex(JAVA_LONG, 2L * slot);
    }

    private long may(int slot) {
        return journal.getAtIndex(JAVA_LONG, 2L * slot + 1);
    }

    private void begin(int slot, long number) {
        journal.setAtIndex(JAVA_LONG, 2L * slot + 1, number);
    }

    private void done(int slot, long number) {
        journal.setAtIndex(JAVA_LONG, 2L * slot, number);
    }

    private static void fail(int slot, String what) {
        System.out.println("slot " + slot + ": " + what);
        Runtime.getRuntime().halt(1);
    }
}
