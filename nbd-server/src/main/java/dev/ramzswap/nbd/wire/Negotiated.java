package dev.ramzswap.nbd.wire;

import static dev.ramzswap.nbd.wire.Protocol.*;

import dev.ramzswap.nbd.export.Export;

/** What a handshake ended with. */
public record Negotiated(Export export, boolean structured, boolean blockStatus) {
    /**
     * The transmission flags. All connections see one store, so CAN_MULTI_CONN is true. A read-only export offers
     * nothing that would change it.
     */
    public static int transmissionFlags(Export export, boolean structured) {
        int always = NBD_FLAG_HAS_FLAGS
                | NBD_FLAG_SEND_FLUSH
                | NBD_FLAG_SEND_FUA
                | NBD_FLAG_CAN_MULTI_CONN
                | NBD_FLAG_SEND_CACHE;
        int access = export.readOnly()
                ? NBD_FLAG_READ_ONLY
                : NBD_FLAG_SEND_TRIM | NBD_FLAG_SEND_WRITE_ZEROES | NBD_FLAG_SEND_FAST_ZERO;
        return always | access | (structured ? NBD_FLAG_SEND_DF : 0);
    }
}
