package dev.ramzswap.nbd;

import dev.ramzswap.linux.PeerCredentials;
import dev.ramzswap.nbd.export.Export;
import dev.ramzswap.nbd.fence.Fence;
import dev.ramzswap.nbd.io.IoMemory;
import dev.ramzswap.nbd.io.IoShare;
import dev.ramzswap.nbd.io.Threads;
import dev.ramzswap.nbd.lane.LaneMemory;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/** What all connections of a server share. Thread-safe. */
final class ServerContext {
    /**
     * Before a TLS client is known, its messages of up to 16 KiB become half a MiB in the heap each, or more, which has
     * 32.
     */
    static final int TLS_HANDSHAKES = 8;

    private final ExportTable exports;
    private final ConnectionMemory memory;
    /** Closes handshakes that take too long. */
    private final ScheduledThreadPoolExecutor watchdog =
            new ScheduledThreadPoolExecutor(1, task -> Threads.unstarted("nbd-watchdog", task));

    private final Map<Export, Fence> fences = new ConcurrentHashMap<>();
    private final Refusals refusals = new Refusals();
    private final Semaphore tlsHandshakes = new Semaphore(TLS_HANDSHAKES, true);
    private final ClientListener clientListener;
    private final AtomicInteger clients = new AtomicInteger();
    private volatile boolean shuttingDown;

    ServerContext(ExportTable exports, ConnectionMemory memory, ClientListener clientListener) {
        this.exports = exports;
        this.memory = memory;
        this.clientListener = clientListener;
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
        return memory.limits();
    }

    /** Connections at once, with those that only this process can make. */
    int mostConnections() {
        return limits().connections() + memory.spareConnections();
    }

    /** What the connections of an export have in common. */
    Fence fence(Export export) {
        return fences.computeIfAbsent(export, _ -> new Fence(mostConnections()));
    }

    IoMemory memory() {
        return memory.io();
    }

    /** For the slow lane of one connection. */
    LaneMemory laneMemory(IoShare share) {
        return memory.lane(share);
    }

    ScheduledThreadPoolExecutor watchdog() {
        return watchdog;
    }

    int clients() {
        return clients.get();
    }

    /**
     * A client is about to be told that it has an export.
     *
     * @param peer null if it is not known
     * @return whether it may have it
     */
    boolean clientJoins(Export export, PeerCredentials peer) {
        boolean joins = clientListener.joins(export.name(), peer);
        if (joins) {
            clients.incrementAndGet();
        }
        return joins;
    }

    /** One that has joined has left. */
    void clientLeft(Export export, PeerCredentials peer, boolean saidGoodbye) {
        clients.decrementAndGet();
        if (!shuttingDown) {
            clientListener.left(export.name(), peer, saidGoodbye);
        }
    }

    /**
     * Whether that process may have made the connections of a kernel, which needs others in place of those it loses.
     */
    boolean mayBeAttacher(Export export, PeerCredentials peer) {
        return !shuttingDown && clientListener.mayBeAttacher(export.name(), peer);
    }

    boolean shuttingDown() {
        return shuttingDown;
    }

    void shutDown() {
        shuttingDown = true;
    }
}
