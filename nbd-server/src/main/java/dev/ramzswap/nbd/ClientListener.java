package dev.ramzswap.nbd;

import dev.ramzswap.linux.PeerCredentials;

/**
 * Hears of a server's clients: of each connection that opens an export, once that it comes and once that it goes. On
 * threads of the server that it must not hold up.
 */
public interface ClientListener {
    /** Lets all in. */
    ClientListener NONE = new ClientListener() {};

    /**
     * One is about to open an export. It is told so only afterwards, since it may rely on the export from then on.
     *
     * @param peer the process that connected by a Unix socket; null for TCP, where that is not known
     * @return whether it may; if not, it is told that the server is shutting down
     */
    default boolean joins(String export, PeerCredentials peer) {
        return true;
    }

    /**
     * Whether that process has attached an export to a kernel, as far as anybody knows, which is to have another
     * connection in place of each that it loses. Asked of another process than this, that has joined and is lost.
     *
     * @param peer as before
     */
    default boolean mayBeAttacher(String export, PeerCredentials peer) {
        return false;
    }

    /**
     * One that has joined is gone, but not by this server's end. All that it had asked for is done, and will not be
     * done any more, and its memory is free for the next.
     *
     * @param peer as before
     * @param saidGoodbye whether it sent NBD_CMD_DISC; else its connection broke or was cut, and it may come back
     */
    default void left(String export, PeerCredentials peer, boolean saidGoodbye) {}
}
