package dev.ramzswap.bench;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/** Pages that a codec shrinks by about a given share, all different. */
final class SyntheticPages {
    /** Random bytes and copies of one byte take turns within this many bytes, so that every part of a page is alike. */
    private static final int STRIPE = 256;

    private SyntheticPages() {}

    /**
     * Fills the buffer, whose remaining bytes are whole pages; {@code percent} from 0 (random) to 100 (same-filled).
     */
    static void fill(ByteBuffer into, int percent, RandomGenerator random) {
        byte[] stripe = new byte[STRIPE];
        int randomBytes = STRIPE * (100 - percent) / 100;
        while (into.hasRemaining()) {
            byte filler = (byte) random.nextInt();
            for (int done = 0; done < Pages.BYTES; done += STRIPE) {
                random.nextBytes(stripe);
                Arrays.fill(stripe, randomBytes, STRIPE, filler);
                into.put(stripe);
            }
        }
    }
}
