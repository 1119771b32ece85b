package dev.ramzswap.nbd;

import dev.ramzswap.closing.Closing;
import dev.ramzswap.linux.PassedSocket;
import dev.ramzswap.nbd.export.Export;
import dev.ramzswap.nbd.tls.Tls;
import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * Serves exports over NBD on any number of addresses: Unix sockets, whose files have mode 0600, and TCP. One platform
 * thread for each connection. All methods are thread-safe; the life of a server is start, then shutdown or close, once.
 */
public final class NbdServer implements AutoCloseable {
    private static final long LOOK_NANOS = 100_000;

    private final ServerContext context;
    private final Connections connections;
    private final List<Endpoint> endpoints;
    private final List<Listener> listeners = new ArrayList<>();

    /**
     * @param exports the first is the default one
     * @param clients hears of the clients that come and go
     * @throws IllegalArgumentException if the exports cannot be told apart, or cannot be described in the protocol
     */
    public NbdServer(List<? extends Export> exports, List<Endpoint> endpoints, Limits limits, ClientListener clients) {
        this(new ExportTable(exports), endpoints, new ConnectionMemory(limits, exports.size()), clients);
    }

    /**
     * As the other, with memory that was there before, and that the server closes.
     *
     * @param defaultName of the default export, which may be missing
     * @throws IllegalArgumentException as the other
     */
    public NbdServer(
            List<? extends Export> exports,
            String defaultName,
            List<Endpoint> endpoints,
            ConnectionMemory memory,
            ClientListener clients) {
        this(new ExportTable(exports, defaultName), endpoints, memory, clients);
    }

    NbdServer(ExportTable exports, List<Endpoint> endpoints, ConnectionMemory memory, ClientListener clients) {
        context = new ServerContext(exports, memory, clients);
        connections = new Connections(context);
        this.endpoints = List.copyOf(endpoints);
    }

    /**
     * Serves also on a socket that listens already; before {@link #start}. It is closed with the others.
     *
     * @param tls null if there is none
     * @throws IOException if it cannot be asked for its address
     */
    public synchronized void adopt(PassedSocket socket, Tls tls) throws IOException {
        listeners.add(new Listener(socket, tls));
    }

    /**
     * Binds all addresses, then accepts on all of them. A socket file that nobody listens on any more is replaced.
     *
     * @throws IOException if an address cannot be had, with a message that names it; nothing is left bound then
     */
    public synchronized void start() throws IOException {
        try {
            for (Endpoint endpoint : endpoints) {
                listeners.add(new Listener(endpoint));
            }
        } catch (IOException e) {
            closeListeners();
            throw e;
        }
        listeners.forEach(listener -> listener.start(connections::admit));
    }

    /**
     * Accepts on one more address, once it has started; does nothing if it ends already.
     *
     * @throws IOException if that cannot be had, with a message that names it
     */
    public synchronized void add(Endpoint endpoint) throws IOException {
        if (!context.shuttingDown()) {
            Listener listener = new Listener(endpoint);
            try {
                listener.start(connections::admit);
            } catch (OutOfMemoryError e) { // no thread is to be had
                Closing.after(e, listener);
                throw e;
            }
            listeners.add(listener);
        }
    }

    /**
     * Where it listens: what was adopted, then the others in the order given, with the real port where 0 was asked for.
     */
    public synchronized List<SocketAddress> addresses() {
        return listeners.stream().map(Listener::address).toList();
    }

    /** Clients that have an export. */
    public int clients() {
        return context.clients();
    }

    /** Connections, handshakes included. */
    int connections() {
        return connections.count();
    }

    /** Bytes of I/O buffers that connections have now. */
    long memoryInUse() {
        return context.memory().inUse();
    }

    /**
     * Waits for a moment in which no request is being served: of one that nobody answers, a kernel hears only when its
     * timeout is over, however soon somebody else serves it. Requests that come meanwhile are served. Looks twice,
     * since what has just come must wake a thread first.
     *
     * @return false if there was none in that time
     */
    public boolean awaitQuiet(Duration time) {
        long end = System.nanoTime() + time.toNanos();
        int looks = 0;
        while (looks < 2) {
            looks = connections.areQuiet() ? looks + 1 : 0;
            if (looks == 0 && System.nanoTime() - end > 0) {
                return false;
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
        return true;
    }

    /**
     * Stops accepting, finishes what is in flight, answers what comes then by {@code NBD_ESHUTDOWN}, and returns when
     * all clients have gone or, with the connections closed, after the grace period. No session of an export is open
     * then; a request that is waiting for storage is waited for.
     *
     * @return whether all clients went by themselves
     */
    public boolean shutdown(Duration grace) {
        context.shutDown();
        closeListeners();
        boolean gone = connections.awaitNone(grace);
        if (!gone) {
            connections.abandonAll();
            connections.awaitNone();
        }
        context.watchdog().shutdownNow();
        context.memory().close();
        return gone;
    }

    /** {@link #shutdown} without grace. */
    @Override
    public void close() {
        shutdown(Duration.ZERO);
    }

    private synchronized void closeListeners() {
        listeners.forEach(Listener::close);
        listeners.clear();
    }
}
