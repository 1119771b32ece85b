package dev.ramzswap.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ramzswap.config.Host;
import dev.ramzswap.linux.SocketFile;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class WarmUpTest {
    private static final int ROUNDS = 100;
    private static final String TOO_LONG = "x".repeat(100);

    @TempDir
    private Path temp;

    private WarmUp warmUp(Path room) throws IOException {
        return new WarmUp(temp, room, Host.current(), Attachments.NONE, false);
    }

    /** As both daemons of a device do that start at once after both were killed. */
    @Test
    void twoRemoveWhatTwoHaveLeft() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            Path room = Files.createDirectory(temp.resolve("room" + round));
            leave(room, 4_999_998);
            leave(room, 4_999_999);
            CyclicBarrier start = new CyclicBarrier(2);
            CompletableFuture<Void> one = CompletableFuture.runAsync(() -> remove(room, start));
            remove(room, start);
            one.join();
            try (Stream<Path> left = Files.list(room)) {
                assertTrue(left.findAny().isEmpty());
            }
        }
    }

    private static void leave(Path room, int pid) throws IOException {
        Path state = Files.createDirectory(room.resolve(pid + ".warm-up.state"));
        for (String part : new String[] {"map", "pool", "counters", "backing"}) {
            Files.write(state.resolve("warm-up." + part), new byte[4096]);
        }
        Files.write(room.resolve(pid + ".warm-up.file"), new byte[4096]);
        leaveSocket(room.resolve(pid + ".warm-up.sock"));
        leaveSocket(room.resolve(pid + ".warm-up.control"));
    }

    private static void leaveSocket(Path path) throws IOException {
        ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                .bind(UnixDomainSocketAddress.of(path))
                .close();
    }

    private void remove(Path room, CyclicBarrier start) {
        try {
            WarmUp warmUp = warmUp(room);
            start.await();
            warmUp.removeLeftovers();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** Of a daemon whose state has no path that is short enough, or no state. */
    @Test
    void removesSocketsThatWereLeftInTheRuntimeDirectory() throws IOException {
        Path room = Files.createDirectory(temp.resolve("room"));
        leaveSocket(temp.resolve("4999999.warm-up.sock"));
        Path aside = Files.createDirectory(temp.resolve(".4z"));
        leaveSocket(aside.resolve("s"));
        Files.setLastModifiedTime(aside, FileTime.from(Instant.now().minus(Duration.ofHours(1))));
        warmUp(room).removeLeftovers();
        try (Stream<Path> left = Files.list(temp)) {
            assertEquals(List.of(room), left.toList());
        }
    }

    /** Of another user's daemon, which may be in another PID namespace, and of an export that is called so. */
    @Test
    void leavesWhatIsNotOfItsUsersWarmUps() throws IOException {
        Path room = Files.createDirectory(temp.resolve("room"));
        Path others = room.resolve("4999999.warm-up.sock");
        leaveSocket(others);
        Files.setAttribute(others, "unix:uid", 4711);
        Path aside = Files.createDirectory(temp.resolve(".4z"));
        leaveSocket(aside.resolve("s"));
        Files.setLastModifiedTime(aside, FileTime.from(Instant.now().minus(Duration.ofHours(1))));
        Files.setAttribute(aside, "unix:uid", 4711);
        Path exports = temp.resolve("a.warm-up.sock");
        leaveSocket(exports);
        warmUp(room).removeLeftovers();
        for (Path path : List.of(others, aside.resolve("s"), exports)) {
            assertTrue(Files.exists(path), path::toString);
        }
    }

    /** The runtime directory, whose sockets cannot be made here, may be full. */
    @Test
    void itsSocketsLieWhereItHasRoom() throws IOException {
        Path room = Files.createDirectory(temp.resolve("room"));
        assumeTrue(SocketFile.fits(room.resolve("4194304.warm-up.control")), "temporary directories have short paths");
        Path run = Files.createDirectory(temp.resolve(TOO_LONG));
        new WarmUp(run, room, Host.current(), Attachments.NONE, false).run();
        assertIsEmpty(run);
        assertIsEmpty(room);
    }

    @Test
    void itsSocketsLieInTheRuntimeDirectoryIfTheirPathsWereTooLong() throws IOException {
        Path room = Files.createDirectory(temp.resolve(TOO_LONG));
        Path run = Files.createDirectory(temp.resolve("run"));
        new WarmUp(run, room, Host.current(), Attachments.NONE, false).run();
        assertIsEmpty(run);
        assertIsEmpty(room);
    }

    private static void assertIsEmpty(Path directory) throws IOException {
        try (Stream<Path> left = Files.list(directory)) {
            assertEquals(List.of(), left.toList());
        }
    }

    @Test
    void saysWhereItsSocketsWereToLie() throws IOException {
        Path room = Files.createDirectory(temp.resolve(TOO_LONG));
        Path run = Files.createDirectory(temp.resolve("run"));
        Files.createDirectory(run.resolve(ProcessHandle.current().pid() + ".warm-up.sock"));
        IOException e =
                assertThrows(IOException.class, new WarmUp(run, room, Host.current(), Attachments.NONE, false)::run);
        assertTrue(
                e.getMessage()
                        .startsWith("the warm-up, which needs 12M of room in " + room + ", and for sockets in " + run
                                + ", for a moment, failed: cannot listen on " + run),
                e::getMessage);
    }

    @Test
    void blamesNoBackingFileOfTheUsers() throws IOException {
        Path room = Files.createDirectory(temp.resolve("room"));
        Path file = Files.createFile(temp.resolve("file"));
        Files.createSymbolicLink(room.resolve(ProcessHandle.current().pid() + ".warm-up.file"), file.resolve("none"));
        IOException e = assertThrows(IOException.class, warmUp(room)::run);
        assertTrue(e.getMessage().startsWith("the warm-up, which needs 12M of room in " + room), e::getMessage);
    }
}
