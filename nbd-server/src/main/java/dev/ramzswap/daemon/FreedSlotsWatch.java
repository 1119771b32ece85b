package dev.ramzswap.daemon;

import dev.ramzswap.frees.FreedBits;
import dev.ramzswap.frees.Pins;
import dev.ramzswap.store.PageStore;
import java.io.IOException;
import java.lang.System.Logger.Level;

/** Has a store drop what the kernel has freed, as what {@code swapon} has pinned tells of it. Thread-safe. */
final class FreedSlotsWatch implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(FreedSlotsWatch.class.getName());

    private final String export;
    private final PageStore store;
    private FreedBits bits;

    FreedSlotsWatch(String export, PageStore store) {
        this.export = export;
        this.store = store;
    }

    /** Goes on with what an earlier daemon had watched, before the first client is let in. */
    synchronized void takeOver() {
        Pins pins = Pins.of(export);
        if (!store.isTakenOver() || !pins.exist()) {
            return;
        }
        try {
            bits = pins.bits(store.slots());
            if (!bits.isWatching() || !store.freed().takeOver(bits.bits(), bits.name())) {
                unmap();
            }
        } catch (IOException | RuntimeException e) {
            LOG.log(Level.WARNING, export + ": what the kernel frees is not seen any more: " + e.getMessage());
        }
    }

    /**
     * @param name of the bits that are to lie there
     * @throws IOException with a message for the user, if there is nothing to watch
     */
    synchronized void begin(long name) throws IOException {
        end();
        bits = Pins.of(export).bits(store.slots());
        if (bits.name() != name || !bits.isWatching() || !store.freed().begin(bits.bits(), name)) {
            end();
            throw new IOException("the slots of " + export + " are not watched");
        }
    }

    private void end() {
        if (bits != null && store.freed().end()) {
            unmap();
        }
        bits = null; // What somebody may yet look at stays mapped.
    }

    private void unmap() {
        try {
            bits.close();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "freed slots' bits were not closed in order", e);
        }
        bits = null;
    }

    /** What it knows stays, for who takes over. Nobody uses the store any more. */
    @Override
    public synchronized void close() {
        if (bits != null) {
            unmap();
        }
    }
}
