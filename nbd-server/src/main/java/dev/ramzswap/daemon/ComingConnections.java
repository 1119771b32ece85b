package dev.ramzswap.daemon;

import dev.ramzswap.config.Config;
import dev.ramzswap.nbd.ConnectionMemory;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Set;

/**
 * Has, while a daemon stands by, the memory of the connections that it will give the kernel when it takes over: then
 * there may be none but by the pages that wait for it. As many as the kernel's devices have now, which come, change and
 * go at any time, and say so to nobody: so it looks again and again.
 */
final class ComingConnections implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(ComingConnections.class.getName());

    private static final Duration INTERVAL = Duration.ofSeconds(10);

    /** By one more, a daemon that has taken over rehearses: {@link Attachments#serving}. */
    private static final int REHEARSED = 1;

    /** The connections that the kernel's devices have now. */
    interface Count {
        int get() throws IOException;
    }

    private final ConnectionMemory memory;
    private final Count connections;
    private final Thread thread;

    /** Those to the exports of a daemon. */
    static ComingConnections await(ConnectionMemory memory, Config config, Attachments kernel) {
        Set<String> names = config.names();
        return new ComingConnections(memory, () -> kernel.connections(names), INTERVAL);
    }

    /** Looks at once, and then from interval to interval. */
    ComingConnections(ConnectionMemory memory, Count connections, Duration interval) {
        this.memory = memory;
        this.connections = connections;
        thread = Thread.ofPlatform().name("coming-connections").daemon().start(() -> run(interval));
    }

    private void run(Duration interval) {
        try {
            while (true) {
                look();
                Thread.sleep(interval);
            }
        } catch (InterruptedException e) {
            // closed
        }
    }

    private void look() {
        try {
            int count = connections.get();
            memory.prepare(count == 0 ? 0 : count + REHEARSED);
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            LOG.log(Level.DEBUG, "the memory of the kernel's connections is not there yet", e);
        }
    }

    /** Ends it, and does not wait for that: it may just wait for memory. */
    @Override
    public void close() {
        thread.interrupt();
    }
}
