package dev.ramzswap.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.config.Changes;
import dev.ramzswap.config.Config;
import dev.ramzswap.config.ConfigException;
import dev.ramzswap.config.ConfigFile;
import dev.ramzswap.config.Host;
import dev.ramzswap.config.RuntimePath;
import dev.ramzswap.config.Settings;
import dev.ramzswap.control.ControlSocket;
import dev.ramzswap.linux.LastingException;
import dev.ramzswap.linux.Progress;
import dev.ramzswap.nbd.client.LoopbackClient;
import dev.ramzswap.status.ExportStatus;
import dev.ramzswap.status.LiveExport;
import dev.ramzswap.store.Counters.Counter;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DaemonTest {
    @TempDir
    private Path temp;

    private Path run;
    private Host host;

    @BeforeEach
    void host() throws IOException {
        run = temp.resolve("run");
        host = new Host(8L << 30, Host.current().uid(), Map.of(RuntimePath.VARIABLE, run.toString()));
    }

    private Consumer<Runnable> termination = _ -> {};

    private Daemon start(String... pairs) throws IOException, ConfigException, InterruptedException {
        return Daemon.start(config(pairs), host, Attachments.NONE, termination);
    }

    private Config config(String... pairs) throws ConfigException {
        var settings = new Settings();
        for (String pair : pairs) {
            String[] parts = pair.split("=", 2);
            if (parts[0].equals("export")) {
                settings.export(parts[1]);
            } else {
                settings.flag(parts[0], parts[1]);
            }
        }
        return Config.of(settings, host);
    }

    private void assertNothingLeft() throws IOException {
        try (Stream<Path> files = Files.list(run)) {
            assertEquals(List.of(run.resolve("names.lock")), files.toList());
        }
    }

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

    @Test
    void changesWhileItRuns() throws Exception {
        try (Daemon _ = start("export=name=a,size=16M,limit=64M", "export=name=b,size=16M")) {
            ExportStatus a = ExportStatus.named(host, "a").getFirst();
            var out = new StringWriter();
            new LiveExport(a, new PrintWriter(out), false).set(Changes.parse(List.of("limit=32M", "codec=zstd:3"), 0));
            assertEquals("a: limit is 32M, codec is zstd:3\n", out.toString());
            ExportStatus changed = a.again();
            assertEquals("zstd:3", changed.snapshot().codec());
            assertEquals(32L << 20, changed.value(Counter.MEM_LIMIT));
            assertEquals(
                    "lz4", ExportStatus.named(host, "b").getFirst().snapshot().codec());
        }
    }

    /** As the configuration's are. */
    @Test
    void allLimitsThatAreSetFitIntoTheMemory() throws Exception {
        try (Daemon _ = start("export=name=a,size=16M,limit=6G", "export=name=b,size=16M,limit=2G")) {
            Path control = ExportStatus.all(host).getFirst().entry().control();
            assertEquals(
                    "error limit: with the other exports' limits, 9G are more than the 8G of memory that this machine has:"
                            + " give less",
                    ControlSocket.request(control, "set b limit=3G"));
            assertEquals("ok", ControlSocket.request(control, "set a limit=4G"));
            assertEquals("ok", ControlSocket.request(control, "set b limit=4G"));
        }
    }

    @Test
    void aLimitIsTakenAway() throws Exception {
        try (Daemon _ = start("size=16M", "limit=32M")) {
            ExportStatus export = ExportStatus.named(host, "swap0").getFirst();
            new LiveExport(export, new PrintWriter(new StringWriter()), false)
                    .set(Changes.parse(List.of("limit=none"), 0));
            assertEquals(0, export.again().value(Counter.MEM_LIMIT), "is none");
        }
    }

    @Test
    void refusesChangesThatCannotBe() throws Exception {
        try (Daemon _ = start("size=16M")) {
            Path control = ExportStatus.all(host).getFirst().entry().control();
            assertEquals("ok", ControlSocket.request(control, "ping"));
            Map.of(
                            "set swap0 limit=9G",
                            "error limit: 9G is more than the 8G of memory that this machine has: give less",
                            "set other limit=1G",
                            "error no export 'other' here",
                            "set swap0 codec=xz",
                            "error codec: 'xz' is not a codec: use lz4, zstd or zstd:LEVEL with LEVEL from 1 to 19",
                            "set swap0",
                            "error not a request: ping, set NAME key=value ..., visitors, visitors NAME, stop and stop force are",
                            "halt",
                            "error not a request: ping, set NAME key=value ..., visitors, visitors NAME, stop and stop force are")
                    .forEach((request, reply) -> {
                        try {
                            assertEquals(reply, ControlSocket.request(control, request));
                        } catch (IOException e) {
                            throw new AssertionError(request, e);
                        }
                    });
            String tooLow = ControlSocket.request(control, "set swap0 limit=4K codec=zstd:3");
            assertTrue(tooLow.startsWith("error pages that do not compress would not fit: "), tooLow);
            assertTrue(
                    tooLow.endsWith(": give a higher limit, or swap off and begin with --backing-file or --overcommit"),
                    tooLow);
            assertEquals("lz4", ExportStatus.all(host).getFirst().snapshot().codec(), "all or nothing");
        }
    }

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

    /** The kernel comes by the socket. An address that somebody has is listened on as soon as he gives it back. */
    @Test
    void aTakeoverServesThoughItsAddressCannotBeHad() throws Exception {
        String[] pairs = {"size=16M", "socket=" + temp.resolve("s"), "state-dir=" + temp.resolve("state")};
        start(pairs).close();
        ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        try (Daemon _ = start(with(pairs, "listen=127.0.0.1:" + taken.getLocalPort()))) {
            new LoopbackClient(UnixDomainSocketAddress.of(temp.resolve("s")), "swap0").close();
            taken.close();
            awaitListening(taken.getLocalPort());
        } finally {
            taken.close();
        }
        for (String missing : List.of("192.0.2.1:10809", "no.such.host.invalid:10809")) {
            try (Daemon _ = start(with(with(pairs, "listen=" + missing), "insecure=yes"))) {
                new LoopbackClient(UnixDomainSocketAddress.of(temp.resolve("s")), "swap0").close();
                assertEquals(
                        missing,
                        ExportStatus.named(host, "swap0").getFirst().entry().listen());
            }
        }
        assertNothingLeft();
    }

    /** Who asks for it only then does not keep the kernel waiting. */
    @Test
    void aTakeoverAsksForTheAddressOfANameWhenItServes() throws Exception {
        String[] pairs = {"size=16M", "socket=" + temp.resolve("s"), "state-dir=" + temp.resolve("state")};
        start(pairs).close();
        int port = freePort();
        try (Daemon daemon = start(with(pairs, "listen=localhost:" + port))) {
            assertTrue(daemon.served().listen().orElseThrow().isUnresolved());
            awaitListening(port);
        }
        assertNothingLeft();
    }

    /** What was there when the configuration was read has been swapped off, and removed, when its turn comes. */
    @Test
    void aFirstStartAfterATakeoverThatWasExpectedAsksForTheAddressOfANameAtOnce() throws Exception {
        Path state = temp.resolve("state");
        String[] pairs = {"size=16M", "socket=" + temp.resolve("s"), "state-dir=" + state};
        start(pairs).close();
        int port = freePort();
        Config read = config(with(pairs, "listen=localhost:" + port));
        try (DirectoryStream<Path> parts = Files.newDirectoryStream(state)) {
            for (Path part : parts) {
                Files.delete(part);
            }
        }
        try (Daemon _ = Daemon.start(read, host, Attachments.NONE, termination)) {
            assertTrue(isListening(port));
        }
        assertNothingLeft();
    }

    @Test
    void aTakeoverServesThoughTheInterfaceOfItsAddressIsGone() throws Exception {
        String[] pairs = {"size=16M", "socket=" + temp.resolve("s"), "state-dir=" + temp.resolve("state")};
        String gone = "[fe80::1%nosuch]:10809";
        start(pairs).close();
        try (Daemon _ = start(with(with(pairs, "listen=" + gone), "insecure=yes"))) {
            new LoopbackClient(UnixDomainSocketAddress.of(temp.resolve("s")), "swap0").close();
            assertEquals(
                    gone, ExportStatus.named(host, "swap0").getFirst().entry().listen());
        }
    }

    /**
     * As at boot, before there is a network: who starts it again is not to give that up, see {@link LastingException}.
     */
    @Test
    void aFirstStartMayComeBeforeTheNameOfItsAddressIsKnown() throws IOException {
        String[] pairs = {"size=16M", "insecure=yes", "listen=no.such.host.invalid:10809"};
        for (String[] all : List.of(pairs, with(pairs, "socket=" + temp.resolve("s")))) {
            IOException e = assertThrows(IOException.class, () -> start(all));
            assertEquals(
                    "--listen: host no.such.host.invalid is not known: give an address such as 127.0.0.1",
                    e.getMessage());
            assertFalse(LastingException.isCauseOf(e));
            assertNothingLeft();
        }
    }

    @Test
    void anAddressThatIsLookedUpLateIsRefusedAsEarlier() throws Exception {
        var all = InetSocketAddress.createUnresolved("0.0.0.0", 10809);
        var wary = new Endpoints(config("size=16M"), host, Optional.empty(), true);
        assertThrows(LastingException.class, () -> wary.known(all));
        var insecure =
                new Endpoints(config("size=16M", "insecure=yes", "listen=0.0.0.0:10809"), host, Optional.empty(), true);
        assertEquals(10809, insecure.known(all).getPort());
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void awaitListening(int port) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!isListening(port)) {
            assertTrue(System.nanoTime() < end);
            Thread.sleep(10);
        }
    }

    private static boolean isListening(int port) {
        try (Socket _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return true;
        } catch (IOException e) {
            return false;
        }
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

    private void awaitFound(String export) throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (ExportStatus.find(host, export).isEmpty()) {
            assertTrue(System.nanoTime() < end);
            Thread.sleep(10);
        }
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

    @Test
    void aFileWithAnErrorInOneExportChangesNone(@TempDir Path temp) throws Exception {
        Host own = new Host(
                8L << 30,
                Host.current().uid(),
                Map.of(RuntimePath.VARIABLE, temp.resolve("run").toString()));
        Path file = Files.writeString(
                temp.resolve("c"), "[export a]\nsize=16M\nlimit=64M\n[export b]\nsize=16M\nlimit=64M\n");
        try (Daemon daemon = Daemon.start(Config.of(ConfigFile.read(file), own), own, Attachments.NONE, _ -> {})) {
            Files.writeString(file, "[export a]\nsize=16M\nlimit=32M\ncodec=zstd:3\n[export b]\nsize=16M\nlimit=4M\n");
            Config fresh = Config.of(ConfigFile.read(file), own);
            assertThrows(IllegalArgumentException.class, () -> daemon.reload(fresh));
            ExportStatus a = ExportStatus.named(own, "a").getFirst();
            assertEquals("lz4", a.snapshot().codec().toString());
            assertEquals(64L << 20, a.value(Counter.MEM_LIMIT));
        }
    }

    /** The memory that it has is not looked at again. */
    @Test
    void aFileRaisesNoLimitAboveTheMemoryThoughThereArePages() throws Exception {
        String[] pairs = {"size=16M", "overcommit=yes", "state-dir=" + temp.resolve("state"), "unsafe=yes"};
        try (Daemon daemon = start(with(pairs, "limit=4M"))) {
            Config fresh = config(with(pairs, "limit=9G"));
            String refusal = assertThrows(ConfigException.class, () -> daemon.reload(fresh))
                    .getMessage();
            assertEquals("--limit: 9G is more than the 8G of memory that this machine has: give less", refusal);
            daemon.reload(config(with(pairs, "limit=8G")));
            assertEquals(8L << 30, ExportStatus.named(host, "swap0").getFirst().value(Counter.MEM_LIMIT));
        }
    }

    /** Nor do two together. */
    @Test
    void aFileRaisesNoLimitsAboveTheMemoryInAll() throws Exception {
        String state = "state-dir=" + temp.resolve("state");
        String export = "export=name=%s,size=16M,overcommit=yes,limit=%s";
        String[] small = {state, "unsafe=yes", export.formatted("a", "4M"), export.formatted("b", "4M")};
        try (Daemon daemon = start(small)) {
            Config fresh = config(state, "unsafe=yes", export.formatted("a", "5G"), export.formatted("b", "5G"));
            String refusal = assertThrows(ConfigException.class, () -> daemon.reload(fresh))
                    .getMessage();
            assertEquals(
                    "--export: the limits add up to 10G, more than the 8G of memory that this machine has: give less",
                    refusal);
        }
    }

    /** An export that the file has no more is served all the same. */
    @Test
    void aFileRaisesNoLimitAboveTheMemoryThatOthersLeave() throws Exception {
        String state = "state-dir=" + temp.resolve("state");
        String b = "export=name=b,size=16M,overcommit=yes,limit=";
        try (Daemon daemon = start(state, "unsafe=yes", "export=name=a,size=16M,limit=4G", b + "4M")) {
            Config fresh = config(state, "unsafe=yes", b + "6G");
            String refusal = assertThrows(ConfigException.class, () -> daemon.reload(fresh))
                    .getMessage();
            assertEquals(
                    "--export: the limits add up to 10G, more than the 8G of memory that this machine has: give less",
                    refusal);
            daemon.reload(config(state, "unsafe=yes", b + "4G"));
            assertEquals(4L << 30, ExportStatus.named(host, "b").getFirst().value(Counter.MEM_LIMIT));
        }
    }

    /** What was set after the file had said otherwise is what holds. */
    @Test
    void aFileThatIsReadLateCountsLimitsThatStay() throws Exception {
        String state = "state-dir=" + temp.resolve("state");
        String export = "export=name=%s,size=16M,overcommit=yes,limit=%s";
        String a = export.formatted("a", "4G");
        try (Daemon daemon = start(state, "unsafe=yes", a, export.formatted("b", "4M"))) {
            Path control = ExportStatus.all(host).getFirst().entry().control();
            Config fresh = config(state, "unsafe=yes", a, export.formatted("b", "3G"));
            assertEquals("ok", ControlSocket.request(control, "set a limit=6G"));
            assertThrows(ConfigException.class, () -> daemon.catchUp(fresh));
            assertEquals("ok", ControlSocket.request(control, "set a limit=4M"));
            Config more = config(state, "unsafe=yes", a, export.formatted("b", "7G"));
            daemon.catchUp(more);
            assertEquals(7L << 30, ExportStatus.named(host, "b").getFirst().value(Counter.MEM_LIMIT));
        }
    }

    private static String[] with(String[] pairs, String more) {
        return Stream.concat(Stream.of(pairs), Stream.of(more)).toArray(String[]::new);
    }
}
