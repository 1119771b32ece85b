package dev.ramzswap.backing;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.ramzswap.linux.MappedFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/**
 * Stores without end, in a process of its own that {@link KillTest} kills. The state file holds all that outlives it:
 * table, staging buffers, key, map, and for each key the version that was begun and the one that was stored last.
 */
final class KilledDaemon {
    static final int KEYS = 400;
    static final int THREADS = 2;
    static final long BYTES = 24L * BackingFile.SEGMENT_BYTES;

    private static final int PAGE_BYTES = 4096;
    private static final long TABLE_AT = BackingFile.STAGING_BYTES;
    private static final long KEY_AT = TABLE_AT + PAGE_BYTES;
    private static final long MAP_AT = KEY_AT + PAGE_BYTES;
    private static final long BEGUN_AT = MAP_AT + PAGE_BYTES;
    private static final long STORED_AT = BEGUN_AT + PAGE_BYTES;
    private static final long STATE_BYTES = STORED_AT + PAGE_BYTES;

    final BackingFile backing;
    final Owner owner;
    private final MemorySegment begun;
    private final MemorySegment stored;

    private KilledDaemon(MappedFile state, Path dir) throws IOException {
        MemorySegment memory = state.memory();
        MemorySegment table = memory.asSlice(TABLE_AT, BackingSize.tableBytes(BYTES));
        backing = BackingFile.open(new BackingConfig(
                dir.resolve("backing"),
                true,
                State.claim(table),
                table,
                memory.asSlice(0, BackingFile.STAGING_BYTES),
                memory.asSlice(KEY_AT, BackingFile.KEY_BYTES)));
        owner = new Owner(backing, memory.asSlice(MAP_AT, KEYS * Long.BYTES));
        begun = memory.asSlice(BEGUN_AT, KEYS * Integer.BYTES);
        stored = memory.asSlice(STORED_AT, KEYS * Integer.BYTES);
    }

    static MappedFile state(Path dir) throws IOException {
        return MappedFile.at(dir.resolve("state"), STATE_BYTES);
    }

    static KilledDaemon start(MappedFile state, Path dir) throws IOException {
        KilledDaemon daemon = new KilledDaemon(state, dir);
        if (daemon.backing.takenOver()) {
            daemon.owner.adopt();
        }
        return daemon;
    }

    public static void main(String[] arguments) throws IOException {
        Path dir = Path.of(arguments[0]);
        KilledDaemon daemon = start(state(dir), dir);
        long before = daemon.stores();
        List<Thread> threads = new ArrayList<>();
        for (int thread = 0; thread < THREADS; thread++) {
            int number = thread;
            threads.add(Thread.ofPlatform().start(() -> daemon.storeForEver(number)));
        }
        // Who is killed before says nothing, and how soon that is depends on what else the machine does.
        while (daemon.stores() <= before + KEYS && threads.stream().allMatch(Thread::isAlive)) {
            LockSupport.parkNanos(1_000_000);
        }
        System.out.println("serving");
    }

    private void storeForEver(int thread) {
        Random random = new Random();
        try (Owner.Scratch scratch = new Owner.Scratch(backing)) {
            while (true) {
                store(random.nextInt(KEYS / THREADS) * THREADS + thread, scratch);
            }
        }
    }

    /** Stores the next version of a key. */
    void store(int key, Owner.Scratch scratch) {
        int version = begun.get(JAVA_INT, 4L * key) + 1;
        begun.set(JAVA_INT, 4L * key, version);
        if (owner.store(key, version, scratch) != BackingFile.OK) {
            throw new AssertionError("store");
        }
        stored.set(JAVA_INT, 4L * key, version);
    }

    /** Whether the key has the version that was stored last, or the one that was being stored. */
    void check(int key, Owner.Scratch scratch) {
        int version = Math.max(0, owner.load(key, scratch));
        if (version < stored.get(JAVA_INT, 4L * key) || version > begun.get(JAVA_INT, 4L * key)) {
            throw new AssertionError("key " + key + " has version " + version + ", not "
                    + stored.get(JAVA_INT, 4L * key) + " to " + begun.get(JAVA_INT, 4L * key));
        }
    }

    /** Versions stored so far. */
    long stores() {
        long sum = 0;
        for (int key = 0; key < KEYS; key++) {
            sum += stored.get(JAVA_INT, 4L * key);
        }
        return sum;
    }
}
