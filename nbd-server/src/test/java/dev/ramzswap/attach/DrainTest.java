package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.ChildJvm;
import dev.ramzswap.config.Host;
import dev.ramzswap.config.RuntimePath;
import dev.ramzswap.control.ControlClient;
import dev.ramzswap.linux.NativeFile;
import dev.ramzswap.linux.SleepingThread;
import dev.ramzswap.nbd.Bytes;
import dev.ramzswap.nbd.RawClient;
import dev.ramzswap.nbd.client.ClientHandshake;
import dev.ramzswap.nbd.wire.Protocol;
import dev.ramzswap.status.ExportStatus;
import dev.ramzswap.status.LiveExport;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.ProtocolException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The end of a daemon that the kernel, and others, swap on. */
@Timeout(DrainTest.PATIENCE_SECONDS)
class DrainTest {
    static final int PATIENCE_SECONDS = 60;

    private static final int PAGE_BYTES = 4096;

    @TempDir
    private Path directory;

    private Process daemon;
    private BufferedReader lines;
    private final List<String> said = new ArrayList<>();

    @BeforeEach
    void start() throws IOException {
        daemon = ChildJvm.of(SwappedDaemon.class, directory.toString()).start();
        // No timeout of a test ends a read of a pipe; the end of who is to write to it does.
        CompletableFuture.delayedExecutor(PATIENCE_SECONDS, TimeUnit.SECONDS).execute(daemon::destroyForcibly);
        lines = daemon.inputReader(StandardCharsets.UTF_8);
        await("ready");
    }

    @AfterEach
    void kill() {
        daemon.destroyForcibly().onExit().join();
    }

    private void await(String text) throws IOException {
        String line = lines.readLine();
        while (line != null && !line.contains(text)) {
            said.add(line);
            line = lines.readLine();
        }
        assertTrue(line != null, () -> text + " is not in " + said);
    }

    private void tell(String command) throws IOException {
        daemon.outputWriter(StandardCharsets.UTF_8).append(command).append("\n").flush();
        await("done");
    }

    private static long self() {
        return ProcessHandle.current().pid();
    }

    private Host host() throws IOException {
        String run = directory.resolve("run").toString();
        return new Host(16L << 30, Host.current().uid(), Map.of(RuntimePath.VARIABLE, run));
    }

    private SocketAddress socket() {
        return UnixDomainSocketAddress.of(directory.resolve("run/a.sock"));
    }

    private RawClient attached(String export) throws IOException {
        return RawClient.attached(socket(), export, false);
    }

    private static void write(RawClient client, byte[] page) throws IOException {
        client.send(new Bytes().write(1, 0, page));
        client.in.expect(1, 0);
    }

    private static void goodbye(RawClient client) throws IOException {
        client.send(new Bytes().request(Protocol.NBD_CMD_DISC, 0, 1, 0, 0));
        client.close();
    }

    private String refusal(String export) throws IOException {
        try (SocketChannel channel = SocketChannel.open(socket())) {
            return assertThrows(ProtocolException.class, () -> ClientHandshake.go(channel, export))
                    .getMessage();
        }
    }

    private List<String> stores() throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve("state"))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".map"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void itOutlivesTheConnectionsOfTheKernelAndOfWhoComesBackAndLetsInNobodyElse() throws Exception {
        byte[] page = Bytes.random(1, PAGE_BYTES);
        RawClient kernels = attached("a");
        RawClient other = attached("b");
        write(kernels, page);
        write(other, page);
        tell("attached a " + self());
        daemon.toHandle().destroy();
        await("draining");
        kernels.close();
        await("a is reattached, connections replaced: 1");
        assertTrue(refusal("a").contains("told to end"));
        other.close();
        RawClient back = attached("b");
        back.send(new Bytes().read(1, 0, PAGE_BYTES));
        back.in.expectData(1, page);
        assertTrue(refusal("a").contains("told to end"));
        tell("detach");
        assertFalse(daemon.waitFor(300, TimeUnit.MILLISECONDS), "somebody is attached to b");
        goodbye(back);
        assertTrue(daemon.waitFor(20, TimeUnit.SECONDS));
        assertEquals(0, daemon.exitValue());
        assertEquals(List.of(), stores());
    }

    /** A stop of both daemons just behind a swapoff: the other one would wait for a client that is gone for good. */
    @Test
    void whoIsJustBeingDetachedIsNotLeftToTheDaemonThatStandsBy() throws Exception {
        try (NativeFile _ = place("a");
                NativeFile _ = place("b")) {
            RawClient kernels = attached("a");
            write(kernels, Bytes.random(1, PAGE_BYTES));
            tell("attached a " + self());
            kernels.close();
            await("a is reattached");
            tell("goodbye");
            daemon.toHandle().destroy();
            await("draining");
            tell("forget");
            assertTrue(daemon.waitFor(20, TimeUnit.SECONDS));
        }
        assertEquals(List.of(), stores());
        assertFalse(Files.exists(directory.resolve("state/a.leaving")));
    }

    private interface End {
        void begin() throws Exception;
    }

    /** The process could not end: nobody would serve, and nobody else have its locks, until the disk answers. */
    private void assertServesOnWhileAThreadWaitsForADisk(End end) throws Exception {
        byte[] page = Bytes.random(1, PAGE_BYTES);
        Path fifo = directory.resolve("fifo");
        try (NativeFile _ = place("a");
                NativeFile _ = place("b")) {
            RawClient kernels = attached("a");
            write(kernels, page);
            tell("attached a " + self());
            tell("sleep " + fifo);
            end.begin();
            kernels.send(new Bytes().read(1, 0, PAGE_BYTES));
            kernels.in.expectData(1, page);
            SleepingThread.wake(fifo);
            assertTrue(daemon.waitFor(20, TimeUnit.SECONDS));
            assertEquals(0, daemon.exitValue());
        } finally {
            SleepingThread.wake(fifo);
        }
        assertEquals(List.of("a.map", "b.map"), stores());
    }

    @Test
    void whileAThreadWaitsForADiskItServesOnThoughAnotherStandsBy() throws Exception {
        assertServesOnWhileAThreadWaitsForADisk(() -> {
            daemon.toHandle().destroy();
            await("a disk does not answer");
            await("draining");
            assertTrue(Files.exists(directory.resolve("state/a.leaving")), "as soon as it can");
        });
    }

    /** To tell the kernel of errors meanwhile would cost it pages that the other one has. */
    @Test
    void whoIsForcedToEndLeavesToTheDaemonThatStandsBy() throws Exception {
        try (NativeFile _ = place("a");
                NativeFile _ = place("b")) {
            RawClient kernels = attached("a");
            write(kernels, Bytes.random(1, PAGE_BYTES));
            tell("attached a " + self());
            ControlClient.stopByForce(directory.resolve("run/" + daemon.pid() + ".control"));
            assertTrue(daemon.waitFor(20, TimeUnit.SECONDS));
            assertEquals(0, daemon.exitValue());
        }
        assertTrue(Files.exists(directory.resolve("state/a.leaving")));
        assertTrue(Files.exists(directory.resolve("run/a.export")), "it ended as if killed");
    }

    @Test
    void whoIsForcedToEndServesOnWhileAThreadWaitsForADisk() throws Exception {
        assertServesOnWhileAThreadWaitsForADisk(() -> {
            ControlClient.stopByForce(directory.resolve("run/" + daemon.pid() + ".control"));
            await("a disk does not answer");
        });
    }

    private NativeFile place(String export) throws IOException {
        NativeFile place = NativeFile.open(
                directory.resolve("state/" + export + ".standby"), NativeFile.O_RDWR | NativeFile.O_CREAT);
        assertTrue(place.tryLock());
        return place;
    }

    @Test
    void eachExportIsJudgedByItself() throws Exception {
        RawClient polite = attached("a");
        RawClient cut = attached("b");
        write(polite, Bytes.random(1, PAGE_BYTES));
        write(cut, Bytes.random(2, PAGE_BYTES));
        tell("attached b " + self());
        cut.close();
        await("b is reattached");
        goodbye(polite);
        Path control = directory.resolve("run/" + daemon.pid() + ".control");
        while (!ControlClient.visitors(control).isEmpty()) {
            Thread.onSpinWait(); // a client has left before its server knows
        }
        assertFalse(ControlClient.stop(control), "the kernel is attached to b");
        ControlClient.stopByForce(control);
        assertTrue(daemon.waitFor(20, TimeUnit.SECONDS));
        assertEquals(List.of("b.map"), stores());
    }

    @Test
    void whoIsConnectedIsNamed() throws Exception {
        Path control = directory.resolve("run/" + daemon.pid() + ".control");
        assertEquals(List.of(), ControlClient.visitors(control));
        RawClient visitor = attached("a");
        tell("attached a " + self());
        assertEquals(List.of(), ControlClient.visitors(control), "that is the kernel");
        tell("detach");
        assertEquals(List.of(self()), ControlClient.visitors(control));
        assertEquals(List.of(self()), ControlClient.visitors(control, "a"));
        assertEquals(List.of(), ControlClient.visitors(control, "b"));
        StringWriter out = new StringWriter();
        var stop = new LiveExport(ExportStatus.find(host(), "a").orElseThrow(), new PrintWriter(out), false);
        CompletableFuture<Void> stopped = CompletableFuture.runAsync(() -> {
            try {
                stop.stopAndWait();
            } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        while (!out.toString().contains("waits for")) {
            Thread.sleep(10);
        }
        goodbye(visitor);
        stopped.get(20, TimeUnit.SECONDS);
        String comm = Files.readString(Path.of("/proc/self/comm")).strip();
        assertEquals(
                "a: the daemon (pid " + daemon.pid() + ") waits for " + comm + " (pid " + self() + ")\n" //
                        + "a: the daemon (pid " + daemon.pid() + ") has ended\n",
                out.toString());
    }
}
