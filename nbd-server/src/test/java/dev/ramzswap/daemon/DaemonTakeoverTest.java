package dev.ramzswap.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.config.Host;
import dev.ramzswap.config.RuntimePath;
import dev.ramzswap.nbd.client.LoopbackClient;
import dev.ramzswap.status.ExportStatus;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a daemon does without that takes pages over, since somebody waits for them. */
class DaemonTakeoverTest extends DaemonFixture {
    /** Who is attached to one that has pages is not to lose them for the sake of one that nobody has. */
    @Test
    void aTakeoverDoesWithoutANewExportThatCannotBeOpened() throws Exception {
        Path notes = Files.writeString(temp.resolve("notes"), "mine");
        String state = "state-dir=" + temp.resolve("state");
        String fresh = "export=name=fresh,size=16M,limit=4M,backing-file=" + notes;
        String old = "export=name=old,size=16M";
        assertThrows(IOException.class, () -> start(state, fresh, old), "nobody has a page yet");
        assertNothingLeft();
        start(state, old).close();
        try (Daemon daemon = start(state, fresh, old)) {
            assertEquals(Set.of("old"), daemon.served().names());
            var socket = UnixDomainSocketAddress.of(run.resolve("fresh.sock"));
            new LoopbackClient(socket, "old").close();
            assertThrows(IOException.class, () -> new LoopbackClient(socket, ""), "the first is the default one");
            assertEquals(
                    List.of("old"),
                    ExportStatus.all(host).stream().map(ExportStatus::name).toList());
        }
        assertNothingLeft();
        assertEquals("mine", Files.readString(notes));
    }

    /** It is found as soon as the runtime directory can be written to. */
    @Test
    void aTakeoverServesThoughTheRuntimeDirectoryTakesNoName() throws Exception {
        String state = "state-dir=" + temp.resolve("state");
        start(state, "size=16M").close();
        Path lock = run.resolve("names.lock");
        Files.delete(lock);
        Files.createDirectory(lock);
        assertThrows(IOException.class, () -> start("size=16M"), "nobody has a page yet");
        try (Daemon _ = start(state, "size=16M")) {
            new LoopbackClient(UnixDomainSocketAddress.of(run.resolve("swap0.sock")), "swap0").close();
            Files.delete(lock);
            awaitFound("swap0");
        }
        assertNothingLeft();
    }

    /** As the one of a session that is over. What must lie there is refused still, such as a socket. */
    @Test
    void aTakeoverServesThoughThereIsNoRuntimeDirectory() throws Exception {
        String[] pairs = {"size=16M", "socket=" + temp.resolve("s"), "state-dir=" + temp.resolve("state")};
        start(pairs).close();
        Path inTheWay = Files.createFile(temp.resolve("session"));
        run = inTheWay.resolve("run");
        host = new Host(8L << 30, host.uid(), Map.of(RuntimePath.VARIABLE, run.toString()));
        assertThrows(IOException.class, () -> start("size=16M", pairs[1]), "nobody has a page yet");
        assertThrows(IOException.class, () -> start(pairs[0], pairs[2]));
        try (Daemon _ = start(pairs)) {
            new LoopbackClient(UnixDomainSocketAddress.of(temp.resolve("s")), "swap0").close();
            Files.delete(inTheWay);
            awaitFound("swap0");
        }
        assertNothingLeft();
    }

    /** It was to be left word in, and somebody could take it away, or put another socket there. */
    @Test
    void aTakeoverLeavesNoWordWhereOthersMayWrite() throws Exception {
        String[] pairs = {"size=16M", "socket=" + temp.resolve("s"), "state-dir=" + temp.resolve("state")};
        start(pairs).close();
        Files.setPosixFilePermissions(run, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThrows(IOException.class, () -> start(pairs[0], pairs[2]));
        try (Daemon _ = start(pairs)) {
            assertNothingLeft();
            Files.setPosixFilePermissions(run, PosixFilePermissions.fromString("rwx------"));
            awaitFound("swap0");
        }
        assertNothingLeft();
    }

    /** Only the one whose name is taken is not found. */
    @Test
    void aTakeoverServesThoughAnotherDaemonHasTheNameOfOneOfItsExports() throws Exception {
        String state = "state-dir=" + temp.resolve("state");
        start(state, "export=name=old,size=16M").close();
        try (Daemon other = start("export=name=fresh,size=16M")) {
            try (Daemon daemon = start(
                    state, "export=name=fresh,size=16M", "export=name=old,size=16M", "socket=" + temp.resolve("s"))) {
                awaitFound("old");
                assertEquals(
                        other.identities().get("fresh"),
                        ExportStatus.named(host, "fresh").getFirst().snapshot().identity());
                assertEquals(Set.of("fresh", "old"), daemon.served().names());
            }
            awaitFound("fresh");
        }
        assertNothingLeft();
    }

    /** As by a configuration that has got what another daemon has. */
    @Test
    void aTakeoverDoesWithoutAnExportThatAnotherDaemonServes() throws Exception {
        String state = "state-dir=" + temp.resolve("state");
        String fresh = "export=name=fresh,size=16M";
        start(state, "export=name=old,size=16M").close();
        try (Daemon _ = start(state, fresh)) {
            String socket = "socket=" + temp.resolve("s");
            try (Daemon daemon = start(state, fresh, "export=name=old,size=16M", socket)) {
                assertEquals(Set.of("old"), daemon.served().names());
                awaitFound("old");
            }
            awaitFound("fresh");
            IOException refusal = assertThrows(IOException.class, () -> start(state, fresh, socket));
            assertTrue(refusal.getMessage().contains("is in use by another process"), refusal.getMessage());
        }
        assertNothingLeft();
    }
}
