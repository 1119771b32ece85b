package dev.ramzswap.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.ChildJvm;
import dev.ramzswap.config.Config;
import dev.ramzswap.config.ConfigException;
import dev.ramzswap.config.Host;
import dev.ramzswap.config.RuntimePath;
import dev.ramzswap.config.Settings;
import dev.ramzswap.nbd.Bytes;
import dev.ramzswap.nbd.RawClient;
import dev.ramzswap.store.PageStore;
import dev.ramzswap.store.Workspace;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class FailedTakeoverTest {
    private static final int PAGE_BYTES = 4096;

    @TempDir
    private Path directory;

    private static Config config(Path directory, Host host) throws ConfigException {
        var settings = new Settings();
        settings.flag("size", "16M");
        settings.flag("state-dir", directory.resolve("state").toString());
        return Config.of(settings, host);
    }

    private static Host host(Path directory) throws IOException {
        String run = directory.resolve("run").toString();
        return new Host(8L << 30, Host.current().uid(), Map.of(RuntimePath.VARIABLE, run));
    }

    /** A daemon whose start fails after it has taken over, when it is told to, in a JVM of its own. */
    public static final class Failing {
        public static void main(String[] args) throws Exception {
            Path directory = Path.of(args[0]);
            Host host = host(directory);
            Daemon.start(
                    config(directory, host),
                    host,
                    new Attachments() {
                        @Override
                        public List<Device> devices(String export, long identity) {
                            return List.of();
                        }

                        @Override
                        public void serving(List<Attachment> exports, Path socket) {
                            System.out.println("serves");
                            try {
                                int told = System.in.read();
                                if (args[1].equals("Error")) {
                                    throw new OutOfMemoryError("made up: unable to create native thread");
                                }
                                throw new IllegalStateException("made up, told " + told);
                            } catch (IOException e) {
                                throw new AssertionError(e);
                            }
                        }
                    },
                    _ -> {});
        }
    }

    /** What an earlier daemon left. */
    private void leave(byte[] page) throws Exception {
        Config config = config(directory, host(directory));
        try (PageStore store = PageStore.open(config.exports().getFirst().store(config));
                Workspace work = store.workspace()) {
            ByteBuffer bytes = ByteBuffer.allocateDirect(PAGE_BYTES).put(0, page);
            store.store(0, bytes, 0, work);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"RuntimeException", "Error"})
    void tellsNoClientOfAnErrorAndLeavesThePages(String failure) throws Exception {
        byte[] page = Bytes.random(1, PAGE_BYTES);
        leave(page);
        Process process =
                ChildJvm.of(Failing.class, directory.toString(), failure).start();
        try (var lines = process.inputReader(StandardCharsets.UTF_8)) {
            assertEquals("serves", lines.readLine());
            UnixDomainSocketAddress socket = UnixDomainSocketAddress.of(directory.resolve("run/swap0.sock"));
            try (RawClient client = RawClient.attached(socket, "", false)) {
                process.getOutputStream().close();
                readToTheEnd(client, page);
            }
            assertTrue(process.waitFor(20, TimeUnit.SECONDS));
            assertEquals(1, process.exitValue());
            assertTrue(lines.readLine().contains("leaves what it has taken over to the next daemon"));
        } finally {
            process.destroyForcibly();
        }
        assertTrue(Files.exists(directory.resolve("state/swap0.map")));
    }

    /** Every READ has its page, until one has no answer. */
    private static void readToTheEnd(RawClient client, byte[] page) throws IOException {
        try {
            for (int cookie = 1; ; cookie++) {
                client.send(new Bytes().read(cookie, 0, PAGE_BYTES));
                client.in.expectData(cookie, page);
            }
        } catch (EOFException | SocketException e) {
            return;
        } catch (IOException e) {
            assertEquals("Broken pipe", e.getMessage());
        }
    }
}
