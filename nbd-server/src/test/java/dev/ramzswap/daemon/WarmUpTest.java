package dev.ramzswap.daemon;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.config.Host;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class WarmUpTest {
    private static final int ROUNDS = 100;

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

    @Test
    void blamesNoBackingFileOfTheUsers() throws IOException {
        Path room = Files.createDirectory(temp.resolve("room"));
        Path file = Files.createFile(temp.resolve("file"));
        Files.createSymbolicLink(room.resolve(ProcessHandle.current().pid() + ".warm-up.file"), file.resolve("none"));
        IOException e = assertThrows(IOException.class, warmUp(room)::run);
        assertTrue(e.getMessage().startsWith("the warm-up, which needs 12M of room in " + room), e::getMessage);
    }
}
