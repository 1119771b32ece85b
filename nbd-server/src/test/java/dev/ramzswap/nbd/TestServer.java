package dev.ramzswap.nbd;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** A server of some exports on a Unix socket. */
final class TestServer implements AutoCloseable {
    final NbdServer server;
    final SocketAddress address;

    TestServer(Path directory, Limits limits, MemoryExport... exports) throws IOException {
        this(directory, limits, clients -> {}, exports);
    }

    TestServer(Path directory, Limits limits, ClientListener clients, MemoryExport... exports) throws IOException {
        address = UnixDomainSocketAddress.of(directory.resolve("s"));
        server = new NbdServer(List.of(exports), List.of(Endpoint.plain(address)), limits, clients);
        server.start();
    }

    RawClient attach() throws IOException {
        return RawClient.attached(address, "", false);
    }

    /** Waits for what must happen; the test's own timeout ends it if it does not. */
    static void await(BooleanSupplier happened) {
        while (!happened.getAsBoolean()) {
            if (Thread.interrupted()) { // by the timeout
                throw new AssertionError("waited in vain");
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    /** Threads of servers, of a given name or its beginning. */
    static long threads(String name) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith(name))
                .count();
    }

    @Override
    public void close() {
        server.close();
    }
}
