package dev.ramzswap.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ramzswap.closing.Closing;
import dev.ramzswap.config.RuntimePath;
import dev.ramzswap.linux.FileType;
import dev.ramzswap.linux.HangUps;
import dev.ramzswap.linux.PeerCredentials;
import dev.ramzswap.linux.SocketHandle;
import dev.ramzswap.nbd.io.Acceptor;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.function.UnaryOperator;

/**
 * A Unix socket by which its owner, or root, changes a running daemon. A connection carries one request and one reply,
 * a line each; who is slow or says too much is cut off. Requests are served one at a time, by one thread.
 */
public final class ControlSocket implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(ControlSocket.class.getName());
    private static final int ROOT = 0;
    private static final int MAX_LINE_BYTES = 4096;
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final Path path;
    private final UnaryOperator<String> handler;
    private final Duration patience;
    private final ServerSocketChannel server;
    private final int owner;
    private final Thread thread;

    /** @param handler turns a request line into a reply line */
    public ControlSocket(Path path, UnaryOperator<String> handler) throws IOException {
        this(path, handler, PATIENCE);
    }

    ControlSocket(Path path, UnaryOperator<String> handler, Duration patience) throws IOException {
        this.path = path;
        this.handler = handler;
        this.patience = patience;
        makeRoom(path);
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            server.bind(UnixDomainSocketAddress.of(path));
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
            owner = (Integer) Files.getAttribute(path, "unix:uid");
            thread = Acceptor.start("control", server, path.toString(), this::serve);
        } catch (IOException e) {
            Closing.after(e, server);
            throw new IOException("cannot make the control socket " + path + ": " + e.getMessage(), e);
        } catch (OutOfMemoryError e) { // no thread is to be had
            Closing.after(e, server);
            throw e;
        }
    }

    /** A dead daemon may have had our pid. What is no socket is somebody else's. */
    private static void makeRoom(Path path) throws IOException {
        if (FileType.isSocket(path)) {
            Files.deleteIfExists(path);
        } else if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException(path + " is in the way of the control socket: move it away, or set "
                    + RuntimePath.VARIABLE + " to another directory");
        }
    }

    private void serve(SocketChannel client) {
        try (client) {
            answer(client);
        } catch (IOException e) {
            LOG.log(Level.WARNING, "control socket: " + e.getMessage());
        }
    }

    private void answer(SocketChannel client) throws IOException {
        String request;
        try (SocketHandle handle = SocketHandle.of(client)) {
            requireOwner(handle.peer());
            request = readLine(client, patience);
            if (hasHungUp(handle)) {
                throw new IOException("dropped '" + request + "': who asked for it waits no more");
            }
        }
        client.write(ByteBuffer.wrap((handler.apply(request) + "\n").getBytes(UTF_8)));
    }

    private void requireOwner(PeerCredentials peer) throws IOException {
        if (peer.uid() != owner && peer.uid() != ROOT) {
            throw new IOException("refused " + peer);
        }
    }

    /**
     * As after a time in which this process was stopped: what was asked for has been taken for failed. Who has only
     * said that nothing more comes from him (socat, nc -N) still hears.
     */
    private static boolean hasHungUp(SocketHandle client) throws IOException {
        try (HangUps hangUps = new HangUps(1)) {
            hangUps.add(client);
            hangUps.look();
            return hangUps.at(0);
        }
    }

    /**
     * Asks a daemon.
     *
     * @return its reply
     * @throws IOException with a message for the user, also if the daemon is another user's
     * @throws ClosedByInterruptException if the thread is interrupted
     */
    public static String request(Path socket, String request) throws IOException {
        return request(socket, request, PATIENCE.multipliedBy(2));
    }

    static String request(Path socket, String request, Duration patience) throws IOException {
        try (SocketChannel channel = connect(socket)) {
            channel.write(ByteBuffer.wrap((request + "\n").getBytes(UTF_8)));
            try {
                return readLine(channel, patience);
            } catch (SocketTimeoutException e) {
                throw new IOException(silent(channel), e);
            }
        }
    }

    private static String silent(SocketChannel channel) throws IOException {
        try (SocketHandle handle = SocketHandle.of(channel)) {
            long pid = handle.peer().process().pid();
            return "the daemon (pid " + pid + ") does not answer: if it is stopped, kill -CONT " + pid
                    + "; otherwise it hangs: see its log";
        }
    }

    private static SocketChannel connect(Path socket) throws IOException {
        try {
            return SocketChannel.open(UnixDomainSocketAddress.of(socket));
        } catch (SocketException e) {
            if (Files.exists(socket) && !Files.isWritable(socket)) {
                throw new IOException(
                        "the daemon (" + socket + ") is another user's: run this as that user or with sudo", e);
            }
            throw new IOException("the daemon does not answer at " + socket + ": " + e.getMessage(), e);
        }
    }

    /** Reads up to a line's end, without it. */
    private static String readLine(SocketChannel channel, Duration patience) throws IOException {
        long deadline = System.nanoTime() + patience.toNanos();
        ByteBuffer line = ByteBuffer.allocate(MAX_LINE_BYTES);
        try (Selector selector = Selector.open()) {
            channel.configureBlocking(false);
            SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
            while (line.position() == 0 || line.get(line.position() - 1) != '\n') {
                long millis = (deadline - System.nanoTime()) / 1_000_000;
                if (millis <= 0 || selector.select(millis) == 0) {
                    throw Thread.currentThread().isInterrupted()
                            ? new ClosedByInterruptException()
                            : new SocketTimeoutException("the peer said nothing in time");
                }
                selector.selectedKeys().clear();
                if (!line.hasRemaining()) {
                    throw new IOException("the peer's line is longer than " + MAX_LINE_BYTES + " bytes");
                }
                if (channel.read(line) < 0) {
                    throw new IOException("the peer closed before the end of its line");
                }
            }
            key.cancel();
            selector.selectNow();
            channel.configureBlocking(true);
        }
        return UTF_8.decode(line.flip()).toString().stripTrailing();
    }

    @Override
    public void close() {
        try {
            server.close();
            Files.deleteIfExists(path);
            thread.join(patience.multipliedBy(2));
        } catch (IOException e) {
            LOG.log(Level.WARNING, "cannot close the control socket: " + e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
