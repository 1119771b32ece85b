package dev.ramzswap.nbd;

import dev.ramzswap.closing.Closing;
import dev.ramzswap.closing.Joins;
import dev.ramzswap.nbd.io.Threads;
import dev.ramzswap.nbd.tls.Tls;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The connections of a server and their threads. Thread-safe. */
final class Connections {
    private static final System.Logger LOG = System.getLogger(Connections.class.getName());

    private final ServerContext context;
    private final Map<Connection, Thread> open = new LinkedHashMap<>();
    private long admitted;

    Connections(ServerContext context) {
        this.context = context;
    }

    /**
     * Starts a connection, or closes the channel when there are too many, the server is going, or no thread is had.
     *
     * @param tls null if there is none
     */
    synchronized void admit(SocketChannel channel, Tls tls) {
        try {
            if (context.shuttingDown() || !hasPlace(channel)) {
                Closing.quietly(channel);
                return;
            }
            if (channel.getLocalAddress() instanceof InetSocketAddress) {
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
                channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true); // a host that died holds no connection
            }
            Connection connection = new Connection(context, channel, tls);
            open.put(connection, Threads.start("nbd-" + ++admitted, () -> serve(connection)));
        } catch (IOException | OutOfMemoryError e) {
            LOG.log(Level.WARNING, "cannot serve a new connection", e);
            Closing.quietly(channel);
        }
    }

    /**
     * The process itself has more places than others: it makes connections for the kernel in place of those that were
     * cut, when others may have taken all that these had.
     */
    private boolean hasPlace(SocketChannel channel) throws IOException {
        return open.size() < context.limits().connections()
                || open.size() < context.mostConnections() && ClientChannel.isOwn(ClientChannel.peer(channel));
    }

    private void serve(Connection connection) {
        try {
            connection.run();
        } finally {
            remove(connection);
        }
    }

    private synchronized void remove(Connection connection) {
        open.remove(connection);
        notifyAll();
    }

    synchronized int count() {
        return open.size();
    }

    /** See {@link Connection#isQuiet}. */
    synchronized boolean areQuiet() {
        return open.keySet().stream().allMatch(Connection::isQuiet);
    }

    /** Waits until all are gone, or that time is over, or this thread is interrupted. @return whether all are gone */
    synchronized boolean awaitNone(Duration time) {
        long end = System.nanoTime() + time.toNanos();
        try {
            for (long left = time.toNanos(); !open.isEmpty() && left > 0; left = end - System.nanoTime()) {
                wait(TimeUnit.NANOSECONDS.toMillis(left) + 1);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return open.isEmpty();
    }

    /** Waits until all are gone, interrupted or not: their threads use what the caller will free. */
    void awaitNone() {
        for (Thread thread : threads()) {
            Joins.uninterruptibly(thread);
        }
    }

    private synchronized List<Thread> threads() {
        return List.copyOf(open.values());
    }

    synchronized void abandonAll() {
        open.keySet().forEach(Connection::abandon);
    }
}
