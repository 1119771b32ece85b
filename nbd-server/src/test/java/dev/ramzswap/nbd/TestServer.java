package dev.ramzswap.nbd;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** A server of some exports on a Unix socket. */
public final class TestServer implements AutoCloseable {
    final NbdServer server;
    public final SocketAddress address;

    public TestServer(Path directory, Limits limits, MemoryExport... exports) throws IOException {
        this(directory, limits, ClientListener.NONE, exports);
    }

    public TestServer(Path directory, Limits limits, ClientListener clients, MemoryExport... exports)
            throws IOException {
        address = UnixDomainSocketAddress.of(directory.resolve("s"));
        server = new NbdServer(List.of(exports), List.of(Endpoint.plain(address)), limits, clients);
        server.start();
    }

    /** Those that it has, handshakes included. */
    public int connections() {
        return server.connections();
    }

    /** Those that are past their handshake. */
    public int clients() {
        return server.clients();
    }

    /** Bytes of I/O buffers that its connections have now. */
    public long memoryInUse() {
        return server.memoryInUse();
    }

    public RawClient attach() throws IOException {
        return RawClient.attached(address, "", false);
    }

    /** Waits for what must happen; the test's own timeout ends it if it does not. */
    public static void await(BooleanSupplier happened) {
        while (!happened.getAsBoolean()) {
            if (Thread.interrupted()) { // by the timeout
                throw new AssertionError("waited in vain");
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    /** Threads of servers, of a given name or its beginning. */
    public static long threads(String name) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith(name))
                .count();
    }

    @Override
    public void close() {
        server.close();
    }
}
