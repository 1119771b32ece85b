package dev.ramzswap.nbd.io;

import dev.ramzswap.closing.Closing;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * A thread that accepts connections until their channel is closed. Nothing that goes wrong ends it before, since
 * whatever it is (no file descriptor left, say) may be over soon, and nobody can connect without it.
 */
public final class Acceptor {
    private static final System.Logger LOG = System.getLogger(Acceptor.class.getName());

    /** Between two attempts: what is missing makes accept(2) fail at once, as long as somebody wants to connect. */
    private static final long RETRY_NANOS = Duration.ofMillis(100).toNanos();

    private static final long BETWEEN_WARNINGS = Duration.ofMinutes(1).toNanos();

    private final ServerSocketChannel channel;
    private final String address;
    private final Consumer<SocketChannel> accepted;
    /** When it may warn again. */
    private long due = System.nanoTime();

    private Acceptor(ServerSocketChannel channel, String address, Consumer<SocketChannel> accepted) {
        this.channel = channel;
        this.address = address;
        this.accepted = accepted;
    }

    /**
     * Starts it.
     *
     * @param address where the channel listens, for messages
     * @param accepted is given each connection, on the new thread, and closes it; what it throws does that, too
     */
    public static Thread start(
            String thread, ServerSocketChannel channel, String address, Consumer<SocketChannel> accepted) {
        return Threads.start(thread, new Acceptor(channel, address, accepted)::run);
    }

    private void run() {
        while (channel.isOpen()) {
            try {
                accept();
            } catch (IOException | RuntimeException | Error e) {
                if (channel.isOpen()) {
                    warn(e);
                    LockSupport.parkNanos(RETRY_NANOS);
                }
            }
        }
    }

    private void accept() throws IOException {
        SocketChannel client = channel.accept();
        try {
            accepted.accept(client);
        } catch (RuntimeException | Error e) {
            Closing.after(e, client);
            throw e;
        }
    }

    private void warn(Throwable why) {
        long now = System.nanoTime();
        if (now - due >= 0) {
            due = now + BETWEEN_WARNINGS;
            LOG.log(Level.WARNING, "cannot accept a connection on " + address, why);
        }
    }
}
