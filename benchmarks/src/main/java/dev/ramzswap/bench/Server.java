package dev.ramzswap.bench;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A server under test: a child process that serves an empty device on a Unix socket. */
final class Server implements AutoCloseable {
    private static final long READY_SECONDS = 30;
    private static final long STOP_SECONDS = 10;

    private final String name;
    private final Path socket;
    private final Path log;
    private final Process process;

    private Server(String name, Path socket, Path log, Process process) {
        this.name = name;
        this.socket = socket;
        this.log = log;
        this.process = process;
    }

    /** Starts a server and waits until it accepts connections. */
    static Server start(String name, Path socket, List<String> command) throws IOException, InterruptedException {
        Path log = socket.resolveSibling(name.replace(' ', '-') + ".log");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        Server server = new Server(name, socket, log, process);
        try {
            server.awaitReady();
        } catch (IOException | InterruptedException e) {
            server.close();
            throw e;
        }
        return server;
    }

    private void awaitReady() throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(READY_SECONDS);
        while (!accepts()) {
            if (!process.isAlive() || System.nanoTime() - end > 0) {
                throw new IOException(name + " does not serve:\n" + Files.readString(log));
            }
            process.waitFor(20, TimeUnit.MILLISECONDS);
        }
    }

    /** Waits until the process has said this. */
    void awaitWords(String words) throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(READY_SECONDS);
        while (!Files.readString(log).contains(words)) {
            if (!process.isAlive() || System.nanoTime() - end > 0) {
                throw new IOException(name + " does not say '" + words + "':\n" + Files.readString(log));
            }
            process.waitFor(20, TimeUnit.MILLISECONDS);
        }
    }

    private boolean accepts() {
        try (SocketChannel channel = SocketChannel.open(address())) {
            return channel.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    String name() {
        return name;
    }

    Path socket() {
        return socket;
    }

    UnixDomainSocketAddress address() {
        return UnixDomainSocketAddress.of(socket);
    }

    /** Ends the process by SIGKILL. */
    void kill() {
        process.destroyForcibly();
    }

    /** Asks the process to end, by SIGTERM. */
    void terminate() {
        process.destroy();
    }

    long residentBytes() throws IOException {
        return Residency.bytes(process.toHandle());
    }

    /** Asks the process to stop, and makes it stop if it does not. */
    @Override
    public void close() {
        terminate();
        try {
            if (process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        kill();
    }
}
