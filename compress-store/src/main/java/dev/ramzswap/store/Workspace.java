package dev.ramzswap.store;

/** What one thread needs to use a {@link PageStore}: scratch memory and codec contexts. Not thread-safe. */
public final class Workspace implements AutoCloseable {
    @Override
    public void close() {}
}
