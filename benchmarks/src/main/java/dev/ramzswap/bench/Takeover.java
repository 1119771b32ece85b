package dev.ramzswap.bench;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Ends a daemon that another stands by for, again and again, and measures how long a client that reads a page all the
 * time gets no answer. It is attached to the end, as the kernel would be: so a daemon that is asked to end leaves to
 * the other instead of removing its state.
 */
@Command(
        name = "takeover",
        mixinStandardHelpOptions = true,
        version = "takeover 0.1.0",
        sortOptions = false,
        description = "Measures how long nobody serves when a daemon ends that another stands by for.")
final class Takeover implements Callable<Integer> {
    private static final Duration FILL_BOUND = Duration.ofMinutes(10);
    private static final long BOUND_SECONDS = 60;
    /** Until the one that stands by has had time to settle. */
    private static final int SETTLE_MILLIS = 1000;

    @Option(names = "--ramzswap", required = true, description = "The launcher.")
    private Path ramzswap;

    @Option(
            names = "--pages",
            required = true,
            paramLabel = "FILE",
            description = "File of raw 4096-byte pages (repeatable).")
    private List<Path> files;

    @Option(names = "--size", defaultValue = "1024", paramLabel = "MIB", description = "Of the device (1024).")
    private int mebibytes;

    @Option(names = "--filled", paramLabel = "MIB", description = "How much of it is written; default: all.")
    private Integer filled;

    @Option(names = "--times", defaultValue = "20", description = "How often (20).")
    private int times;

    @Option(
            names = "--restart",
            description = "End the daemon by SIGTERM, as systemctl restart does; default: SIGKILL.")
    private boolean restart;

    @Option(
            names = "--state",
            defaultValue = "/dev/shm",
            paramLabel = "DIR",
            description = "In which directory the state lies, on tmpfs (${DEFAULT-VALUE}).")
    private Path state;

    @Spec
    private CommandSpec spec;

    private final Samples millis = new Samples();
    private Servers servers;
    private Path socket;
    private List<String> command;
    private DeviceContent content;

    @Override
    public Integer call() throws IOException, InterruptedException {
        int slots = slots();
        servers = Servers.create(state);
        socket = servers.newSocket();
        command = command(servers.directory().resolve("state"));
        content = new DeviceContent(Pages.read(files), slots);
        System.out.println(Machine.describe() + "\n" + String.join(" ", command));
        Server serving = servers.start("daemon 0", socket, command);
        fill(serving);
        for (int i = 1; i <= times; i++) {
            Server other = servers.start("daemon " + i, socket, command);
            other.awaitWords("standing by");
            Thread.sleep(SETTLE_MILLIS);
            millis.add(gap(serving));
            serving = other;
        }
        System.out.printf(
                "%d times, ms: least %.0f, median %.0f, most %.0f%n",
                times, millis.min(), millis.median(), millis.max());
        return 0;
    }

    private int slots() {
        int written = filled == null ? mebibytes : filled;
        if (written < 1 || written > mebibytes) {
            throw new ParameterException(spec.commandLine(), "--filled must be 1 to " + mebibytes + ", as --size is");
        }
        return written * ((1 << 20) / Pages.BYTES);
    }

    private List<String> command(Path stateDirectory) {
        return List.of(
                "env",
                "RAMZSWAP_RUNTIME_DIR=" + servers.directory(),
                "RAMZSWAP_BUILD=no",
                ramzswap.toString(),
                "serve",
                "--swap",
                "--unsafe",
                "--standby",
                "--overcommit",
                "--size",
                mebibytes + "M",
                "--state-dir",
                stateDirectory.toString(),
                "--socket",
                socket.toString());
    }

    private void fill(Server server) throws IOException, InterruptedException {
        Phase fill = new Phase(Phase.Kind.FILL, 64);
        try (Load load = new Load(server.address(), "", 1, content, 1)) {
            if (!load.run(fill, Duration.ZERO, Duration.ZERO, FILL_BOUND).clean()) {
                throw new IOException(server.name() + " answered wrongly");
            }
        }
    }

    /** Milliseconds from the last page that was read from this daemon to the first one from the other. */
    private double gap(Server serving) throws IOException, InterruptedException {
        try (NbdConnection attached = NbdConnection.open(serving.address(), "")) {
            long last = System.nanoTime();
            if (restart) {
                serving.terminate();
            } else {
                serving.kill();
            }
            while (isAnswered(attached)) {
                last = System.nanoTime();
            }
            while (!isAnswered(serving.address())) {
                if (System.nanoTime() - last > TimeUnit.SECONDS.toNanos(BOUND_SECONDS)) {
                    throw new IOException("nobody took over within " + BOUND_SECONDS + " s");
                }
                Thread.sleep(1);
            }
            return (System.nanoTime() - last) / 1e6;
        }
    }

    private boolean isAnswered(SocketAddress address) throws LostPageException {
        try (NbdConnection connection = NbdConnection.open(address, "")) {
            return isAnswered(connection);
        } catch (LostPageException e) {
            throw e;
        } catch (IOException e) {
            return false;
        }
    }

    private boolean isAnswered(NbdConnection connection) throws LostPageException {
        int slot = content.slots() / 2;
        ByteBuffer page = ByteBuffer.allocateDirect(Pages.BYTES);
        try {
            connection.send(request(slot));
            receive(connection, ByteBuffer.allocate(NbdConnection.REPLY_BYTES));
            receive(connection, page);
        } catch (IOException e) {
            return false;
        }
        if (!content.matches(slot, MemorySegment.ofBuffer(page.flip()), 0)) {
            throw new LostPageException();
        }
        return true;
    }

    private static final class LostPageException extends IOException {
        private static final long serialVersionUID = 1;

        LostPageException() {
            super("a page did not survive");
        }
    }

    private static ByteBuffer request(int slot) {
        return ByteBuffer.allocate(NbdConnection.REQUEST_BYTES)
                .putInt(NbdConnection.REQUEST_MAGIC)
                .putShort((short) 0)
                .putShort(NbdConnection.CMD_READ)
                .putLong(0)
                .putLong(Pages.offset(slot))
                .putInt(Pages.BYTES)
                .flip();
    }

    private static void receive(NbdConnection connection, ByteBuffer into) throws IOException {
        while (into.hasRemaining()) {
            if (connection.channel().read(into) < 0) {
                throw new EOFException("the server closed the connection");
            }
        }
    }

    public static void main(String[] args) {
        System.exit(new CommandLine(new Takeover()).execute(args));
    }
}
