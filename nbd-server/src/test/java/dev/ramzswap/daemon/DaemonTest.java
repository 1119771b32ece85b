package dev.ramzswap.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.config.ConfigException;
import dev.ramzswap.config.Host;
import dev.ramzswap.config.RuntimePath;
import dev.ramzswap.linux.Progress;
import dev.ramzswap.status.ExportStatus;
import dev.ramzswap.store.Counters.Counter;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How a daemon starts and ends. */
class DaemonTest extends DaemonFixture {
    @Test
    void isFoundWhileItRuns() throws Exception {
        ExportStatus status;
        try (Daemon _ = start("size=16M", "limit=32M")) {
            status = ExportStatus.named(host, "swap0").getFirst();
            assertEquals(4096, status.snapshot().slots());
            assertEquals(32L << 20, status.value(Counter.MEM_LIMIT));
            ExportStatus bySocket =
                    ExportStatus.at(host, run.resolve("swap0.sock")).getFirst();
            assertEquals(status.entry(), bySocket.entry());
        }
        assertEquals(List.of(), ExportStatus.all(host));
        assertNothingLeft();
    }

    /** A disk on which each piece takes a minute. */
    @Test
    void systemdIsToldThatAStartGoesOnWhileALargeBackingFileIsReserved() throws Throwable {
        Path file = temp.resolve("file");
        String socket = temp.resolve("notify").toString();
        host = new Host(
                8L << 30, Host.current().uid(), Map.of(RuntimePath.VARIABLE, run.toString(), "NOTIFY_SOCKET", socket));
        long[] now = {0};
        try (NotifySocket systemd = new NotifySocket(socket);
                Daemon _ = ScopedValue.where(Progress.CLOCK, () -> now[0] += 60_000_000_000L)
                        .call(() -> start("size=16M", "limit=4M", "backing-file=" + file))) {
            String told = systemd.receive();
            String message = "EXTEND_TIMEOUT_USEC=\\d+\nSTATUS=reserving the backing file " + Pattern.quote("" + file)
                    + ": (\\d+) of \\1 MiB";
            assertTrue(told.matches(message), told);
            told = systemd.receive();
            assertTrue(told.startsWith("READY=1\n"), told);
        }
    }

    /** By pieces of 1 MiB, of which the file has three, and of 64 MiB. */
    @ParameterizedTest
    @CsvSource({"1, reading", "5, reserving the backing file"})
    void aStartThatIsToldToEndGivesBackWhatItHasReserved(int piece, String work) throws Throwable {
        Path file = Files.write(temp.resolve("file"), new byte[3 << 20]);
        var end = new AtomicReference<Runnable>();
        termination = end::set;
        int[] asked = {0};
        ScopedValue.Carrier slow = ScopedValue.where(Progress.CLOCK, () -> {
            if (asked[0]++ == piece) {
                end.get().run();
            }
            return 0;
        });
        InterruptedIOException e = assertThrows(
                InterruptedIOException.class,
                () -> slow.call(() -> start("size=256M", "limit=4M", "backing-file=" + file)));
        assertTrue(e.getMessage().startsWith("told to end while " + work + " " + file), e.getMessage());
        assertEquals(3 << 20, Files.size(file));
        assertNothingLeft();
    }

    /** For an address, or for another export. */
    @Test
    void aStartThatFailsLeavesNoBackingFile() throws Exception {
        Path made = temp.resolve("made");
        Path foreign = Files.writeString(temp.resolve("foreign"), "notes of mine");
        String first = "export=name=a,size=16M,limit=8M,backing-file=" + made;
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThrows(IOException.class, () -> start(first, "listen=127.0.0.1:" + taken.getLocalPort()));
        }
        assertFalse(Files.exists(made));
        String second = "export=name=b,size=16M,limit=8M,backing-file=" + foreign;
        assertThrows(IOException.class, () -> start(first, second));
        assertFalse(Files.exists(made));
        assertEquals("notes of mine", Files.readString(foreign));
    }

    @Test
    void whatIsInUseIsRefusedAndNothingIsLeft() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String address = "127.0.0.1:" + taken.getLocalPort();
            var e = assertThrows(IOException.class, () -> start("size=16M", "listen=" + address));
            assertEquals(
                    "--listen: cannot listen on " + address
                            + ": Address already in use: stop who has it, or give another",
                    e.getMessage());
            var device = assertThrows(IOException.class, () -> start("size=16M", "socket=/dev/null"));
            assertEquals(
                    "--socket: cannot listen on /dev/null: there is a file of that name that is not a socket: give"
                            + " another path",
                    device.getMessage());
        }
        assertNothingLeft();
        try (Daemon _ = start("size=16M")) {
            var name = assertThrows(IOException.class, () -> start("size=16M", "socket=" + temp.resolve("s")));
            assertTrue(name.getMessage().startsWith("--name: a running daemon"), name.getMessage());
            String socket = run.resolve("swap0.sock").toString();
            var e = assertThrows(IOException.class, () -> start("name=b", "size=16M", "socket=" + socket));
            assertTrue(e.getMessage().startsWith("--socket: cannot listen on " + socket), e.getMessage());
            assertEquals(1, ExportStatus.all(host).size());
        }
        assertNothingLeft();
    }

    @Test
    void anExportThatCannotBeHeldIsWrongUse() throws IOException {
        var e = assertThrows(ConfigException.class, () -> start("size=1G", "limit=64M"));
        assertTrue(e.getMessage().startsWith("--size 1G of export swap0: "), e.getMessage());
        assertNothingLeft();
    }

    @Test
    void aBackingFileOnAFullDiskIsNamed() throws IOException {
        Path file = temp.resolve("file");
        var e = assertThrows(
                IOException.class, () -> start("size=4T", "limit=1G", "backing-file=" + file, "overcommit=yes"));
        assertTrue(e.getMessage().startsWith("--backing-file"), e.getMessage());
        assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
        assertNothingLeft();
        assertFalse(Files.exists(file), "what could not be reserved is not left on the disk");
    }

    @Test
    void makesTheSocketsDirectory() throws Exception {
        Path socket = temp.resolve("new/s.sock");
        try (Daemon _ = start("size=16M", "socket=" + socket)) {
            assertTrue(Files.exists(socket));
        }
        assertFalse(Files.exists(socket));
    }

    @Test
    void canBeToldToEndBeforeTheFirstClientIsLetIn() throws Exception {
        Path socket = temp.resolve("s.sock");
        var hadSocket = new AtomicBoolean(true);
        termination = end -> {
            hadSocket.set(Files.exists(socket));
            end.run();
        };
        try (Daemon daemon = start("size=16M", "socket=" + socket)) {
            assertFalse(hadSocket.get());
            daemon.run();
        }
        assertNothingLeft();
    }
}
