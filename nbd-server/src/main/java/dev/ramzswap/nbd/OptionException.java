package dev.ramzswap.nbd;

/** An option that is answered by an error reply. */
final class OptionException extends Exception {
    private static final long serialVersionUID = 1;

    private final int reply;

    OptionException(int reply, String message) {
        super(message);
        this.reply = reply;
    }

    /** The reply type, such as {@link Protocol#NBD_REP_ERR_INVALID}. */
    int reply() {
        return reply;
    }
}
