package dev.ramzswap.attach;

import dev.ramzswap.daemon.Daemon;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Keeps the devices of a daemon attached, by {@link Reattach}: at its start those that an earlier one left, then
 * whatever connection breaks.
 */
public final class Reattacher {
    /** The kernel notices within milliseconds; but when memory is short, whatever it does may take long. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final Machine machine;
    private final BlockingQueue<String> lost = new LinkedBlockingQueue<>();

    public Reattacher(Machine machine) {
        this.machine = machine;
    }

    /** Hears that a client of an export is gone; returns at once. Thread-safe. */
    public void lost(String export) {
        lost.add(export);
    }

    /**
     * Reattaches what an earlier daemon left, and goes on, on a thread of its own.
     *
     * @param socket where the daemon serves
     */
    public void start(Daemon daemon, Path socket) throws InterruptedException {
        Reattach reattach = new Reattach(machine, daemon.identities(), socket, PATIENCE);
        reattach.all();
        reattach.rehearse();
        Thread.ofPlatform().name("reattacher").daemon(true).start(() -> keep(reattach));
    }

    private void keep(Reattach reattach) {
        try {
            while (true) {
                reattach.one(lost.take());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
