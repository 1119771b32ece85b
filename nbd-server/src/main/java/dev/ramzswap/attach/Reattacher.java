package dev.ramzswap.attach;

import dev.ramzswap.daemon.Attachments;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Keeps the devices of a daemon attached, by {@link Reattach}: at its start those that an earlier one left, then
 * whatever connection breaks.
 */
public final class Reattacher implements Attachments {
    /** The kernel notices within milliseconds; but when memory is short, whatever it does may take long. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final Machine machine;
    private final BlockingQueue<String> lost = new LinkedBlockingQueue<>();

    public Reattacher(Machine machine) {
        this.machine = machine;
    }

    /** Returns at once. Thread-safe. */
    @Override
    public void lost(String export) {
        lost.add(export);
    }

    @Override
    public void prepare(Path socket) {
        new Reattach(machine, Map.of(), socket, PATIENCE).rehearse();
    }

    /** Reattaches what an earlier daemon left, and goes on, on a thread of its own. */
    @Override
    public void serving(Map<String, Long> identities, Path socket) throws InterruptedException {
        Reattach reattach = new Reattach(machine, identities, socket, PATIENCE);
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
