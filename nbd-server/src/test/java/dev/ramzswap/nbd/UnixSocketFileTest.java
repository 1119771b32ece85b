package dev.ramzswap.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UnixSocketFileTest {
    @TempDir
    private Path directory;

    private Path path;

    @BeforeEach
    void path() {
        path = directory.resolve("x.sock");
    }

    @Test
    void onlyTheOwnerMayConnectAndNothingElseIsLeft() throws IOException {
        UnixSocketFile file = new UnixSocketFile(path);
        try (ServerSocketChannel server = file.channel();
                SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(path));
                SocketChannel accepted = server.accept()) {
            assertTrue(client.isConnected() && accepted.isConnected());
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
            assertEquals(1, files());
        }
        file.remove();
        assertEquals(0, files());
    }

    private long files() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.count();
        }
    }

    @Test
    void theSocketOfADeadServerIsReplaced() throws IOException {
        bindElsewhere(path).close();
        assertTrue(Files.exists(path));
        UnixSocketFile file = new UnixSocketFile(path);
        SocketChannel.open(UnixDomainSocketAddress.of(path)).close();
        file.channel().close();
        file.remove();
        assertEquals(0, files());
    }

    private static ServerSocketChannel bindElsewhere(Path path) throws IOException {
        ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        return other.bind(UnixDomainSocketAddress.of(path), 1);
    }

    /** A daemon that takes over must be reached, though the runtime directory has no inode left. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void theSocketOfADeadServerIsReplacedWhereThereIsRoomForNoMore(int free) throws Exception {
        assumeTrue(run("mount", "-t", "tmpfs", "-o", "nr_inodes=8", "ramzswap-test", directory), "needs root");
        try {
            bindElsewhere(path).close();
            List<Path> fillers = fill();
            for (int i = 0; i < free; i++) {
                Files.delete(fillers.get(i));
            }
            UnixSocketFile file = new UnixSocketFile(path);
            SocketChannel.open(UnixDomainSocketAddress.of(path)).close();
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
            file.channel().close();
            file.remove();
            assertEquals(fillers.size() - free, files());
        } finally {
            run("umount", directory);
        }
    }

    /** Its inode is not free before whoever holds the socket lets go of it, as somebody else might have taken it. */
    @Test
    void aSocketThatIsReplacedNeedNotBeGoneBefore() throws Exception {
        assumeTrue(run("mount", "-t", "tmpfs", "-o", "nr_inodes=8", "ramzswap-test", directory), "needs root");
        try (SocketChannel holder = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            holder.bind(UnixDomainSocketAddress.of(path));
            List<Path> fillers = fill();
            Files.delete(fillers.get(0));
            Files.delete(fillers.get(1));
            UnixSocketFile file = new UnixSocketFile(path);
            SocketChannel.open(UnixDomainSocketAddress.of(path)).close();
            file.channel().close();
            file.remove();
        } finally {
            run("umount", directory);
        }
    }

    @Test
    void aTakeoverWaitsForRoom() throws Exception {
        assumeTrue(run("mount", "-t", "tmpfs", "-o", "nr_inodes=8", "ramzswap-test", directory), "needs root");
        SocketChannel holder = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            holder.bind(UnixDomainSocketAddress.of(path));
            fill();
            CompletableFuture<UnixSocketFile> listening = CompletableFuture.supplyAsync(this::listen);
            while (Files.exists(path) && !listening.isDone()) {
                LockSupport.parkNanos(1_000_000);
            }
            holder.close();
            UnixSocketFile file = listening.join();
            SocketChannel.open(UnixDomainSocketAddress.of(path)).close();
            file.channel().close();
            file.remove();
        } finally {
            holder.close();
            run("umount", directory);
        }
    }

    private UnixSocketFile listen() {
        try {
            return new UnixSocketFile(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Of a process that was killed while it made its socket; another one is just doing so. */
    @Test
    void whatWasLeftIsRemovedAndNothingElse() throws IOException {
        Path old = aside(".a1b2", true);
        List<Path> others = List.of(aside(".z", false), aside(".longer", true));
        Path shared = aside(".c", true);
        Files.createFile(shared.resolve("letter"));
        setOld(shared);
        Path empty = Files.createDirectory(directory.resolve(".ssh"));
        setOld(empty);
        UnixSocketFile.removeLeftovers(directory);
        assertFalse(Files.exists(old));
        for (Path other : others) {
            assertTrue(Files.exists(other.resolve("s")), other::toString);
        }
        assertTrue(Files.exists(shared.resolve("letter")));
        assertTrue(Files.exists(empty));
    }

    private Path aside(String name, boolean isOld) throws IOException {
        Path aside = Files.createDirectory(directory.resolve(name));
        bindElsewhere(aside.resolve("s")).close();
        if (isOld) {
            setOld(aside);
        }
        return aside;
    }

    private static void setOld(Path aside) throws IOException {
        Files.setLastModifiedTime(aside, FileTime.from(Instant.now().minus(Duration.ofHours(1))));
    }

    private static boolean run(Object... command) throws IOException, InterruptedException {
        List<String> words = Stream.of(command).map(Object::toString).toList();
        return new ProcessBuilder(words).start().waitFor() == 0;
    }

    private List<Path> fill() {
        List<Path> fillers = new ArrayList<>();
        try {
            while (true) {
                fillers.add(Files.createFile(directory.resolve("filler" + fillers.size())));
            }
        } catch (IOException e) {
            return fillers;
        }
    }

    /** Even one that accepts nobody: each attempt takes a place in its backlog, until that is full. */
    @Test
    void theSocketOfALiveServerIsNot() throws IOException {
        try (ServerSocketChannel other = bindElsewhere(path)) {
            for (int i = 0; i < 6; i++) {
                assertRefused("stop that one, or give another path");
            }
            assertTrue(other.isOpen() && Files.exists(path));
        }
    }

    @Test
    void aFileIsNeverDeleted() throws IOException {
        Files.write(path, new byte[] {1});
        assertRefused("there is a file of that name that is not a socket: give another path");
        assertArrayEquals(new byte[] {1}, Files.readAllBytes(path));
        Files.delete(path);
        Files.createDirectory(path);
        assertRefused("there is a file of that name that is not a socket: give another path");
        assertTrue(Files.isDirectory(path));
        Files.delete(path);
        Files.createSymbolicLink(path, directory.resolve("nowhere"));
        assertRefused("there is a file of that name that is not a socket: give another path");
        assertTrue(Files.isSymbolicLink(path));
    }

    @Test
    void whatIsWrongIsSaid() throws IOException {
        path = directory.resolve("missing").resolve("x.sock");
        assertRefused("its directory does not exist: make it, or give another path");
        path = directory.resolve("x".repeat(200));
        assertRefused("longer than 107 bytes: give a shorter path");
        assertEquals(0, files());
    }

    private void assertRefused(String reason) {
        String message =
                assertThrows(IOException.class, () -> new UnixSocketFile(path)).getMessage();
        assertTrue(message.startsWith("cannot listen on " + path + ": "), message);
        assertTrue(message.contains(reason), message);
    }

    @Test
    void aSuccessorsSocketIsNotRemoved() throws IOException {
        UnixSocketFile first = new UnixSocketFile(path);
        first.channel().close();
        UnixSocketFile second = new UnixSocketFile(path);
        first.remove();
        assertTrue(Files.exists(path));
        second.channel().close();
        second.remove();
        assertFalse(Files.exists(path));
    }
}
