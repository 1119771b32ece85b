package dev.ramzswap.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * All servers of a run and the directory of their sockets. They are stopped and it is deleted when this JVM ends, by
 * Ctrl-C too. Thread-safe.
 */
final class Servers {
    private final Path directory;
    private final List<Server> running = new ArrayList<>();
    private boolean ended;

    private Servers(Path directory) {
        this.directory = directory;
    }

    /** @param parent of the directory */
    static Servers create(Path parent) throws IOException {
        Servers servers = new Servers(Files.createTempDirectory(parent, "rzbench"));
        Runtime.getRuntime().addShutdownHook(new Thread(servers::end, "cleaner"));
        return servers;
    }

    Path directory() {
        return directory;
    }

    /** A socket path that no server has yet. */
    synchronized Path newSocket() {
        return directory.resolve(running.size() + ".sock");
    }

    synchronized Server start(String name, Path socket, List<String> command) throws IOException, InterruptedException {
        if (ended) {
            throw new IOException("interrupted");
        }
        Server server = Server.start(name, socket, command);
        running.add(server);
        return server;
    }

    private synchronized void end() {
        ended = true;
        running.forEach(Server::close);
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            System.err.println("could not delete " + directory + ": " + e.getMessage());
        }
    }
}
