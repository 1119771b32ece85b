package dev.ramzswap.nbd;

import dev.ramzswap.nbd.export.Export;
import dev.ramzswap.nbd.fence.Fence;
import dev.ramzswap.nbd.io.IoMemory;
import dev.ramzswap.nbd.io.Threads;
import dev.ramzswap.nbd.lane.LaneMemory;
import dev.ramzswap.nbd.lane.MemoryBudget;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.Semaphore;

/** What all connections of a server share. Thread-safe. */
final class ServerContext {
    /**
     * Before a TLS client is known, its messages of up to 16 KiB become half a MiB in the heap each, or more, which has
     * 32.
     */
    static final int TLS_HANDSHAKES = 8;

    private final ExportTable exports;
    private final Limits limits;
    private final IoMemory memory;
    private final LaneMemory laneMemory;
    /** Closes handshakes that take too long. */
    private final ScheduledThreadPoolExecutor watchdog =
            new ScheduledThreadPoolExecutor(1, task -> Threads.unstarted("nbd-watchdog", task));

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
        memory = new IoMemory(limits.spareMemory());
        laneMemory = new LaneMemory(
                memory, new MemoryBudget(limits.totalMemory()), limits.connectionMemory(), limits.preparedMemory());
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

    IoMemory memory() {
        return memory;
    }

    LaneMemory laneMemory() {
        return laneMemory;
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
}
