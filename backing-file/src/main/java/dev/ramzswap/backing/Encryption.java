package dev.ramzswap.backing;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The key of a backing file, and what is made of it. Without it nothing can be read that is encrypted. */
final class Encryption {
    /** A copy: whatever becomes of the caller's memory, it is this one by which all is written and read. */
    private final MemorySegment key;

    private final int owner;
    private final boolean encrypting;
    private final boolean any;

    /**
     * @param encrypting whether what is written from now on is encrypted
     * @param any whether anything is, or will be
     * @param arena lasts as long as the backing file
     */
    Encryption(MemorySegment key, boolean encrypting, boolean any, Arena arena) {
        this.key = arena.allocate(BackingFile.KEY_BYTES).copyFrom(key);
        this.owner = (int) Label.of(this.key).owner();
        this.encrypting = encrypting;
        this.any = any;
    }

    /** Whether what is written from now on is encrypted. */
    boolean encrypting() {
        return encrypting;
    }

    /** See {@link BackingFile#owner}. */
    int owner() {
        return owner;
    }

    /** See {@link BackingFile#recordTag}. */
    RecordTag recordTag(int maxBytes) {
        return any ? new RecordTag(key, maxBytes) : null;
    }

    /** One for each thread. */
    PageCipher cipher() {
        return any ? Ciphers.of(key) : new NoCipher();
    }

    void forgetKey() {
        key.fill((byte) 0);
    }
}
