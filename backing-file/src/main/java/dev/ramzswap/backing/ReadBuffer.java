package dev.ramzswap.backing;

/** What one thread needs to read a {@link BackingFile}: aligned memory and a cipher. Not thread-safe. */
public final class ReadBuffer implements AutoCloseable {
    @Override
    public void close() {}
}
