package dev.ramzswap.nbd;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.Semaphore;

/** What all connections of a server share. Thread-safe. */
final class ServerContext {
    /** Enough for the codecs, which keep up to 20 KiB on the stack; a default one would be 1 MiB, and may be locked. */
    private static final long STACK_BYTES = 256 << 10;

    /**
     * Before a TLS client is known, its messages of up to 16 KiB become half a MiB in the heap each, or more, which has
     * 32.
     */
    static final int TLS_HANDSHAKES = 8;

    private final ExportTable exports;
    private final Limits limits;
    private final MemoryBudget budget;
    private final IoMemory memory;
    /** Closes handshakes that take too long. */
    private final ScheduledThreadPoolExecutor watchdog =
            new ScheduledThreadPoolExecutor(1, task -> newThread("nbd-watchdog", task));

    private final Map<Export, Fence> fences = new ConcurrentHashMap<>();
    private final Refusals refusals = new Refusals();
    private final Semaphore tlsHandshakes = new Semaphore(TLS_HANDSHAKES, true);
    private final ClientListener clientListener;
    private int clients;
    private volatile boolean shuttingDown;

    ServerContext(ExportTable exports, Limits limits, ClientListener clientListener) {
        this.exports = exports;
        this.limits = limits;
        this.clientListener = clientListener;
        budget = new MemoryBudget(limits.totalMemory());
        memory = new IoMemory(limits.spareMemory());
        watchdog.setRemoveOnCancelPolicy(true);
    }

    ExportTable exports() {
        return exports;
    }

    Refusals refusals() {
        return refusals;
    }

    /** One for each that may be going on; who waits is cut off in time by the watchdog. */
    Semaphore tlsHandshakes() {
        return tlsHandshakes;
    }

    Limits limits() {
        return limits;
    }

    /** What the connections of an export have in common. */
    Fence fence(Export export) {
        return fences.computeIfAbsent(export, _ -> new Fence(limits.connections()));
    }

    MemoryBudget budget() {
        return budget;
    }

    IoMemory memory() {
        return memory;
    }

    ScheduledThreadPoolExecutor watchdog() {
        return watchdog;
    }

    synchronized int clients() {
        return clients;
    }

    synchronized void clientJoined() {
        clientListener.clients(++clients);
    }

    synchronized void clientLeft() {
        clientListener.clients(--clients);
    }

    /** A client has said good-bye, before {@link #clientLeft}. */
    void clientSaidGoodbye(Export export) {
        clientListener.left(export.name());
    }

    /** A client left without a word, before {@link #clientLeft}. */
    void clientLost(Export export) {
        if (!shuttingDown) {
            clientListener.lost(export.name());
        }
    }

    boolean shuttingDown() {
        return shuttingDown;
    }

    void shutDown() {
        shuttingDown = true;
    }

    /** Starts a daemon thread. */
    static Thread thread(String name, Runnable task) {
        Thread thread = newThread(name, task);
        thread.start();
        return thread;
    }

    private static Thread newThread(String name, Runnable task) {
        return Thread.ofPlatform()
                .name(name)
                .daemon(true)
                .stackSize(STACK_BYTES)
                .unstarted(task);
    }
}
