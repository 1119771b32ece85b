package dev.ramzswap.nbd.wire;

/** An option that is answered by an error reply. */
public final class OptionException extends Exception {
    private static final long serialVersionUID = 1;

    private final int reply;

    public OptionException(int reply, String message) {
        super(message);
        this.reply = reply;
    }

    /** The reply type, such as {@link Protocol#NBD_REP_ERR_INVALID}. */
    public int reply() {
        return reply;
    }
}
