package dev.ramzswap.closing;

import java.io.Closeable;
import java.io.IOException;

/** Closing what has failed already, or is about to be forgotten. */
public final class Closing {
    private Closing() {}

    /** Closes what is of no use after a failure, which the caller throws: what goes wrong here goes with it. */
    public static void after(Throwable failure, AutoCloseable closeable) {
        try {
            closeable.close();
        } catch (Exception e) {
            failure.addSuppressed(e);
        }
    }

    /** Closes what is gone then in any case, which is what was wanted. */
    public static void quietly(Closeable closeable) {
        try {
            closeable.close();
        } catch (IOException e) {
            // it is gone
        }
    }
}
