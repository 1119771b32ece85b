package dev.ramzswap.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ramzswap.nbd.client.LoopbackClient;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several daemons with one state; {@code --unsafe} spares the tests the capabilities. */
class StandbyIT {
    private static final Duration BOUND = Duration.ofSeconds(30);
    private static final int BYTES = 16 << 20;
    private static final String STANDS_BY = "ramzswap: standing by for another daemon\n";
    private static final String SERVES = "ready\n";

    @TempDir
    private Path directory;

    private final List<Process> daemons = new ArrayList<>();

    /** A daemon with the log {@code N.log}, as soon as it has said so much. */
    private Process start(String until) throws IOException, InterruptedException {
        Path log = log(daemons.size());
        if (Files.notExists(configuration())) {
            Files.writeString(configuration(), "limit = 4M\n");
        }
        Process daemon = new Launcher(directory)
                .process(
                        "serve",
                        "--swap",
                        "--unsafe",
                        "--standby",
                        "--size=16M",
                        "--config=" + configuration(),
                        "--socket=" + socket(),
                        "--backing-file=" + directory.resolve("backing"),
                        "--state-dir=" + directory.resolve("state"))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        daemons.add(daemon);
        await(log, until);
        return daemon;
    }

    /** As the daemons of a unit do beside one of that name that somebody has begun by hand: 2 is not begun again. */
    @Test
    void whoFindsItsNameTakenEndsForGood() throws Exception {
        Process byHand = new Launcher(directory)
                .process("serve", "--size=16M", "--socket=" + socket())
                .redirectErrorStream(true)
                .redirectOutput(log(0).toFile())
                .start();
        daemons.add(byHand);
        await(log(0), SERVES);
        Process daemon = start("has an export 'swap0'");
        assertTrue(daemon.waitFor(BOUND.toSeconds(), TimeUnit.SECONDS));
        assertEquals(2, daemon.exitValue());
    }

    @AfterEach
    void killAll() {
        daemons.forEach(daemon -> daemon.destroyForcibly().onExit().join());
    }

    private static void await(Path log, String text) throws IOException, InterruptedException {
        long end = System.nanoTime() + BOUND.toNanos();
        while (!Files.readString(log).contains(text)) {
            assertTrue(System.nanoTime() < end, Files.readString(log));
            Thread.sleep(10);
        }
    }

    private Path log(int daemon) {
        return directory.resolve(daemon + ".log");
    }

    private Path configuration() {
        return directory.resolve("conf");
    }

    private Path socket() {
        return directory.resolve("s");
    }

    private String uri() {
        return "nbd+unix:///?socket=" + socket();
    }

    private void assertHolds(Path image) throws IOException, InterruptedException {
        Path copy = directory.resolve("copy");
        Tool.run("nbdcopy", uri(), copy);
        assertEquals(-1, Files.mismatch(image, copy), "the first byte that differs");
        Files.delete(copy);
    }

    /** The client of the first is lost with it, and may come back; the third rehearses at the second as a client. */
    @Test
    void theNextTakesOverWhatAKilledOneHadAndAThirdWhatTheNextLeaves() throws Exception {
        Path image = Images.make(directory.resolve("image"), Images.Kind.COMPRESSIBLE, BYTES, 1);
        Process first = start(SERVES);
        Tool.run("nbdcopy", image, uri());
        start(STANDS_BY);
        Process third = start("waiting for its place");
        first.destroyForcibly();
        await(log(1), SERVES);
        assertFalse(Files.readString(log(1)).contains("warm-up"), "what it rehearsed with is no export of the user's");
        assertHolds(image);
        await(log(2), STANDS_BY);
        daemons.get(1).destroy();
        await(log(2), SERVES);
        assertHolds(image);
        third.destroy();
        await(log(2), "draining");
        assertHolds(image);
    }

    @Test
    void aDrainEndsWhenAnotherStandsByAfterAll() throws Exception {
        Path image = Images.make(directory.resolve("image"), Images.Kind.COMPRESSIBLE, BYTES, 1);
        Process first = start(SERVES);
        Tool.run("nbdcopy", image, uri());
        LoopbackClient client = new LoopbackClient(UnixDomainSocketAddress.of(socket()), "swap0");
        first.destroy();
        await(log(0), "draining");
        start(SERVES);
        assertTrue(first.waitFor(BOUND.toSeconds(), TimeUnit.SECONDS));
        assertEquals(0, first.exitValue(), Files.readString(log(0)));
        assertThrows(IOException.class, client::close);
        assertHolds(image);
        String said = Files.readString(log(1));
        assertFalse(said.contains("cannot be replaced"), said);
    }

    /** The runtime directory lies where others write, too. */
    @Test
    void aFullRuntimeDirectoryCostsNeitherATakeoverNorTheNextStandby() throws Exception {
        Path image = Images.make(directory.resolve("image"), Images.Kind.COMPRESSIBLE, BYTES, 1);
        Path run = Files.createDirectory(directory.resolve("run"));
        assumeTrue(mount("mount", "-t", "tmpfs", "-o", "size=256k,mode=0700", "ramzswap-test", run), "needs root");
        try {
            Process first = start(SERVES);
            Tool.run("nbdcopy", image, uri());
            Process second = start(STANDS_BY);
            Path filler = run.resolve("filler");
            assertThrows(IOException.class, () -> Files.write(filler, new byte[1 << 20]));
            start("waiting for its place");
            first.destroyForcibly();
            await(log(1), SERVES);
            await(
                    log(1),
                    "other commands cannot find all of them: " + run.resolve(".swap0.export.ramzswap")
                            + ": No space left on device");
            assertHolds(image);
            Files.delete(filler);
            await(run.resolve("swap0.export"), "pid=" + second.pid());
            second.destroyForcibly();
            await(log(2), SERVES);
            assertHolds(image);
        } finally {
            killAll();
            mount("umount", run);
        }
    }

    /** As where the pages have taken all that there is. One that stands by is warm if there is room anywhere. */
    @ParameterizedTest
    @ValueSource(strings = {"16m", "256k"})
    void aFullStateDirectoryCostsNeither(String runtimeBytes) throws Exception {
        Path image = Images.make(directory.resolve("image"), Images.Kind.COMPRESSIBLE, BYTES, 1);
        Path state = Files.createDirectory(directory.resolve("state"));
        Path run = Files.createDirectory(directory.resolve("run"));
        assumeTrue(mount("mount", "-t", "tmpfs", "-o", "size=24m,mode=0700", "ramzswap-test", state), "needs root");
        mount("mount", "-t", "tmpfs", "-o", "mode=0700,size=" + runtimeBytes, "ramzswap-test", run);
        try {
            Process first = start(SERVES);
            Tool.run("nbdcopy", image, uri());
            assertThrows(IOException.class, () -> Files.write(state.resolve("filler"), new byte[32 << 20]));
            Process second = start(STANDS_BY);
            String said = Files.readString(log(1));
            assertTrue(said.contains("warning: the warm-up, which needs 12M of room in " + state), said);
            assertEquals(runtimeBytes.equals("256k"), said.contains("of room in " + run), said);
            try (Stream<Path> files = Files.list(state)) {
                assertEquals(
                        List.of(),
                        files.filter(file -> file.toString().contains("warm-up"))
                                .toList());
            }
            first.destroyForcibly();
            await(log(1), SERVES);
            assertHolds(image);
            start(STANDS_BY);
            second.destroyForcibly();
            await(log(2), SERVES);
            assertHolds(image);
        } finally {
            killAll();
            mount("umount", state);
            mount("umount", run);
        }
    }

    @Test
    void aRuntimeDirectoryWithoutAnInodeCostsNeither() throws Exception {
        Path run = Files.createDirectory(directory.resolve("run"));
        assumeTrue(mount("mount", "-t", "tmpfs", "-o", "nr_inodes=32,mode=0700", "ramzswap-test", run), "needs root");
        try {
            Process first = start(SERVES);
            start(STANDS_BY);
            assertThrows(IOException.class, () -> {
                for (int i = 0; i <= 32; i++) {
                    Files.createFile(run.resolve("filler" + i));
                }
            });
            start("waiting for its place");
            first.destroyForcibly();
            await(log(1), SERVES);
            await(log(2), STANDS_BY);
        } finally {
            killAll();
            mount("umount", run);
        }
    }

    private static boolean mount(Object... command) throws IOException, InterruptedException {
        return new ProcessBuilder(Stream.of(command).map(Object::toString).toList())
                        .start()
                        .waitFor()
                == 0;
    }

    @Test
    void oneThatIsToldToEndUnderAClientLeavesToTheNext() throws Exception {
        Process first = start(SERVES);
        start(STANDS_BY);
        Process third = start("waiting for its place");
        third.destroy();
        assertEquals(0, third.waitFor(), "told to end while it waits");
        storeByAClient();
        first.destroy();
        await(log(1), SERVES);
        assertTrue(first.waitFor(BOUND.toSeconds(), TimeUnit.SECONDS));
        assertEquals(0, first.exitValue(), Files.readString(log(0)));
    }

    @Test
    void stopUnderAClientSaysWhoServesThen() throws Exception {
        Process first = start(SERVES);
        Process second = start(STANDS_BY);
        storeByAClient();
        Tool.Result stopped = new Launcher(directory).run("stop", "swap0");
        assertEquals(
                "swap0: the daemon (pid " + first.pid() + ") has ended\nswap0: another daemon (pid " + second.pid()
                        + ") serves it now: ramzswap stop swap0 ends that one\n",
                stopped.out());
    }

    /** As systemd tells the two of a device in one job; who stands by is stopped, so that it hears of it last. */
    @Test
    void ofTwoThatAreToldToEndUnderAClientOneStays() throws Exception {
        Process first = start(SERVES);
        Process second = start(STANDS_BY);
        storeByAClient();
        signal("STOP", second);
        second.destroy();
        first.destroy();
        assertTrue(first.waitFor(BOUND.toSeconds(), TimeUnit.SECONDS), "leaves to the second");
        signal("CONT", second);
        await(log(1), SERVES);
        try (LoopbackClient _ = storeByAClient()) {
            await(log(1), "draining");
        }
    }

    /** Of whoever serves. */
    private void awaitStatus(String... parts) throws IOException, InterruptedException {
        long end = System.nanoTime() + BOUND.toNanos();
        while (true) {
            Tool.Result status = new Launcher(directory).runToEnd("status", "--json", "swap0");
            if (status.exit() == 0 && List.of(parts).stream().allMatch(status.out()::contains)) {
                return;
            }
            assertTrue(System.nanoTime() < end, status::toString);
        }
    }

    @Test
    void whatWasSetOutlivesTheDaemonAndSoDoesWhatAReloadHasTaken() throws Exception {
        Process first = start(SERVES);
        Process second = start(STANDS_BY);
        new Launcher(directory).run("set", "swap0", "limit=6M", "codec=zstd:3");
        first.destroyForcibly();
        await(log(1), SERVES);
        awaitStatus("\"pid\": " + second.pid(), "\"mem_limit\": " + (6 << 20), "\"zstd:3\"");
        Process third = start(STANDS_BY);
        Files.writeString(configuration(), "limit = 5M\n");
        signal("HUP", third);
        await(log(2), "SIGHUP: nothing is served here yet");
        signal("HUP", second);
        await(log(1), "export swap0: limit is 5M, codec is lz4");
        second.destroyForcibly();
        await(log(2), SERVES);
        awaitStatus("\"pid\": " + third.pid(), "\"mem_limit\": " + (5 << 20), "\"lz4\"");
    }

    /** Also if the other has ended, and it begins with no pages. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aReloadOfOneThatStandsByHoldsWhenItServes(boolean isTakeover) throws Exception {
        Process first = start(SERVES);
        Process second = start(STANDS_BY);
        Files.writeString(configuration(), "limit = 5M\n");
        signal("HUP", second);
        await(log(1), "SIGHUP: nothing is served here yet");
        if (isTakeover) {
            first.destroyForcibly();
        } else {
            first.destroy();
        }
        await(log(1), SERVES);
        awaitStatus("\"pid\": " + second.pid(), "\"mem_limit\": " + (5 << 20));
    }

    /** It may be put right while the first one serves: see RestartPreventExitStatus= of the units. */
    @Test
    void oneThatIsToHaveAnotherSizeIsTriedAgain() throws Exception {
        start(SERVES);
        Tool.Result other = new Launcher(directory)
                .runToEnd(
                        "serve",
                        "--swap",
                        "--unsafe",
                        "--standby",
                        "--size=8M",
                        "--socket=" + socket(),
                        "--state-dir=" + directory.resolve("state"))
                .expect(1);
        assertTrue(other.err().contains("swap0.counters is of a store of 4096 slots, not 2048"), other::toString);
    }

    /** One that stays attached. */
    private LoopbackClient storeByAClient() throws IOException {
        LoopbackClient client = new LoopbackClient(UnixDomainSocketAddress.of(socket()), "swap0");
        client.write(0, ByteBuffer.allocateDirect(4096), 0, 4096);
        assertEquals(0, client.exchange(1));
        return client;
    }

    private static void signal(String name, Process process) throws IOException, InterruptedException {
        Tool.run("kill", "-" + name, Long.toString(process.pid()));
    }
}
