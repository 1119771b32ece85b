package dev.ramzswap.nbd;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * What a server takes of the machine at one moment.
 *
 * @param sessions of one export
 * @param memory bytes of I/O buffers
 * @param threads of all servers in this process
 * @param sockets file descriptors of this process that are sockets, those of test clients included
 */
record Usage(int connections, int sessions, long memory, long threads, long sockets) {
    static Usage of(NbdServer server, MemoryExport export) {
        return new Usage(
                server.connections(),
                export.sessions.get(),
                server.memoryInUse(),
                TestServer.threads("nbd-"),
                openSockets());
    }

    Usage withSockets(long count) {
        return new Usage(connections, sessions, memory, threads, count);
    }

    private static long openSockets() {
        long count = 0;
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path descriptor : descriptors) {
                count += isSocket(descriptor) ? 1 : 0;
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return count;
    }

    private static boolean isSocket(Path descriptor) throws IOException {
        try {
            return Files.readSymbolicLink(descriptor).toString().startsWith("socket:");
        } catch (NoSuchFileException e) { // closed meanwhile
            return false;
        }
    }
}
