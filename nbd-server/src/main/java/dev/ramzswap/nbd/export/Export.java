package dev.ramzswap.nbd.export;

import dev.ramzswap.linux.PeerCredentials;

/** A device that clients can open by name. Thread-safe; all its sessions see one and the same content. */
public interface Export {
    /** What clients ask for; at most 4096 bytes of UTF-8. */
    String name();

    /** One line for people ({@code NBD_INFO_DESCRIPTION}). */
    String description();

    /** Bytes, a multiple of 4096. */
    long size();

    boolean readOnly();

    /**
     * Whether a client may open it, and see it listed.
     *
     * @param peer the process that connected by a Unix socket; null for TCP, where that is not known
     */
    boolean admits(PeerCredentials peer);

    /** Opens the way to the content for one thread. */
    ExportSession open();
}
