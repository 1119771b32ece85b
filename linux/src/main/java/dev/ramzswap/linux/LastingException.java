package dev.ramzswap.linux;

import java.io.IOException;

/**
 * What was asked for cannot be had until somebody changes that, or what is in its way: to try again is of no use. What
 * comes and goes by itself, such as room, a lock or a device, is an ordinary {@link IOException}.
 */
public final class LastingException extends IOException {
    private static final long serialVersionUID = 1;

    public LastingException(String message) {
        super(message);
    }

    public LastingException(String message, Throwable cause) {
        super(message, cause);
    }

    /** Whether such a one is what has failed, whatever others have added to its message. */
    public static boolean isCauseOf(Throwable failure) {
        Throwable cause = failure;
        while (cause != null && !(cause instanceof LastingException)) {
            cause = cause.getCause();
        }
        return cause != null;
    }
}
