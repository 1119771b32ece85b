package dev.ramzswap.daemon;

import java.nio.file.Path;
import java.util.Map;

/** Who keeps the kernel attached to what a daemon serves. */
public interface Attachments {
    /** Of a daemon that leaves this to others. */
    Attachments NONE = (identities, socket) -> {};

    /**
     * The daemon stands by: only now may what will be needed take its time to be prepared.
     *
     * @param socket where another daemon serves
     */
    default void prepare(Path socket) {}

    /**
     * The daemon serves: devices that an earlier one left without connections get new ones.
     *
     * @param identities of the stores, by the names of their exports; see {@link dev.ramzswap.store.Counters.Snapshot}
     * @param socket where they are served
     */
    void serving(Map<String, Long> identities, Path socket) throws InterruptedException;

    /** See {@link dev.ramzswap.nbd.ClientListener#lost}. */
    default void lost(String export) {}
}
