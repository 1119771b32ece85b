package dev.ramzswap.nbd;

/** Hears of a server's clients, on threads of the server that it must not hold up. */
@FunctionalInterface
public interface ClientListener {
    /** How many there are, those in their handshake included, at every change; one that is gone after word of how. */
    void clients(int count);

    /** One has said good-bye (NBD_CMD_DISC), and goes. */
    default void left(String export) {}

    /**
     * One is gone that did not say good-bye: its connection broke or was cut, and not by this server's end. All that it
     * had asked for is done, and will not be done any more, and its memory is free for the next.
     */
    default void lost(String export) {}
}
