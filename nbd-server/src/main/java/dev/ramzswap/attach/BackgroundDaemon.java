package dev.ramzswap.attach;

import dev.ramzswap.closing.Closing;
import dev.ramzswap.config.Config;
import dev.ramzswap.config.Host;
import dev.ramzswap.status.ExportStatus;
import dev.ramzswap.status.ProgressLine;
import dev.ramzswap.status.RuntimeDir;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** Starts {@code serve} as a process that outlives this one and its terminal, and logs to a file. */
public final class BackgroundDaemon implements SwapOn.Starter {
    private static final int LOOK_MILLIS = 50;
    /** Of the log, in which the last line of interest is. */
    private static final int LAST_BYTES = 1 << 16;

    private static final Set<PosixFilePermission> DIRECTORY_MODE = PosixFilePermissions.fromString("rwxr-xr-x");
    private static final String LOG_PREFIX = "ramzswap: ";
    /** What systemd-run says if nothing is started; that what was started has failed is not why. */
    private static final Pattern NOT_STARTED =
            Pattern.compile("(Failed to |A dependency job for |Job for (?!\\S+ failed)).*");

    private static final String FAILED_JOB = "Job for ";

    /** Statuses of a daemon that ends by itself, and says why. */
    private static final Set<Integer> FAILED = Set.of(1, 2);

    /** What Java adds to the number of a signal. */
    private static final int BY_SIGNAL = 128;

    private final Host host;
    private final String export;
    private final List<String> command;
    private final Launcher launcher;
    private final ProgressLine progress;
    private final Path log;

    /**
     * @param command the words that run {@code serve} and its options
     * @param export which of its exports is waited for
     */
    BackgroundDaemon(Host host, List<String> command, String export, Launcher launcher, ProgressLine progress) {
        this.host = host;
        this.export = export;
        this.command = List.copyOf(command);
        this.launcher = launcher;
        this.progress = progress;
        this.log = RuntimeDir.own(host).logs().resolve(export + ".log");
    }

    /**
     * One that is a service of systemd's, or in a session of its own where there is none.
     *
     * @param program the words that run the command line
     * @param serve the command and its options
     * @param config what these say
     * @param export which of its exports is waited for
     * @param progress where what it says until then is shown
     */
    public static BackgroundDaemon of(
            Host host,
            List<String> program,
            List<String> serve,
            Config config,
            String export,
            Successor successor,
            ProgressLine progress) {
        var command = new ArrayList<>(program);
        command.addAll(serve);
        Launcher launcher = TransientService.isPossible()
                ? new TransientService(
                        export,
                        program,
                        successor,
                        backingDirectories(config),
                        host.variables(),
                        Machine.of(host).tools(),
                        Launcher.PATIENCE)
                : new Launcher.OwnSession(host);
        return new BackgroundDaemon(host, command, export, launcher, progress);
    }

    private static List<Path> backingDirectories(Config config) {
        return config.exports().stream()
                .flatMap(export -> export.backing().stream())
                .map(backing -> backing.path().toAbsolutePath().getParent())
                .toList();
    }

    /**
     * The words that run the command line as it runs now, without the command and what follows: the same Java, with the
     * same flags.
     *
     * @param arguments how many words that is
     */
    public static List<String> ownCommand(int arguments) throws IOException {
        String line = Files.readString(Path.of("/proc/self/cmdline"));
        List<String> words = List.of(line.split("\0", -1)); // one more: what is behind the last word's end
        return words.subList(0, words.size() - 1 - arguments);
    }

    @Override
    public Path log() {
        return log;
    }

    /**
     * Starts it and waits until it serves, which is as long as it takes to write a backing file that cannot be
     * reserved.
     */
    @Override
    public ExportStatus start() throws IOException, InterruptedException {
        RuntimeDir.own(host).prepare(host); // the log may lie there, and be somebody else's link
        Files.createDirectories(log.getParent(), PosixFilePermissions.asFileAttribute(DIRECTORY_MODE));
        long before = Files.exists(log) ? Files.size(log) : 0;
        var builder = new ProcessBuilder(launcher.words(command, log))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .redirectInput(new File("/dev/null"));
        builder.environment().putAll(host.variables());
        Process process = builder.start();
        try {
            return awaitServing(process, before);
        } catch (IOException | InterruptedException | RuntimeException e) {
            Closing.after(e, () -> endIfStarted(process, before));
            throw e;
        } finally {
            progress.end();
        }
    }

    private void endIfStarted(Process process, long before) throws IOException, InterruptedException {
        if ((hasStarted(process) || hasFailedAsJob(before)) && !launcher.end(process)) {
            progress.say(export + ": the daemon was told to end, and goes on for who is attached: ramzswap status");
        }
    }

    /**
     * Whether it runs, or may, as when the launcher was killed: launching fails where another has its name, and that
     * one is to be left alone.
     */
    private static boolean hasStarted(Process process) {
        return process.isAlive() || process.exitValue() == 0 || process.exitValue() > BY_SIGNAL;
    }

    /** Systemd may start it again. That was said where nobody can read it, if the log was rotated meanwhile. */
    private boolean hasFailedAsJob(long before) throws IOException {
        return !Files.exists(log)
                || Files.size(log) < before
                || last(linesSince(before), line -> line.startsWith(FAILED_JOB)).isPresent();
    }

    private ExportStatus awaitServing(Process process, long before) throws IOException, InterruptedException {
        while (true) {
            boolean isOver = process.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS);
            Optional<ExportStatus> status = ExportStatus.find(host, export);
            if (status.isPresent()) {
                return status.get();
            }
            if (isOver) {
                throw new IOException("the daemon did not start: " + whyItEnded(process.exitValue(), before));
            }
            progress.show(export + ": the daemon starts"
                    + lastWords(before).map(words -> ": " + words).orElse(""));
        }
    }

    /** What one said that was killed is not why. */
    private String whyItEnded(int status, long before) throws IOException {
        Optional<String> words = FAILED.contains(status) ? lastWords(before) : Optional.empty();
        return words.orElseGet(() -> "it "
                + (status > BY_SIGNAL ? "was killed by signal " + (status - BY_SIGNAL) : "ended with status " + status)
                + ": see " + log);
    }

    /** Nothing if there are none; what it warned of is not what it does, nor why it ended. */
    private Optional<String> lastWords(long from) throws IOException {
        List<String> lines = linesSince(from);
        return last(lines, BackgroundDaemon::counts)
                .map(line -> line.startsWith(LOG_PREFIX) ? line.substring(LOG_PREFIX.length()) : line)
                .or(() -> last(lines, line -> line.startsWith(FAILED_JOB)).map(line -> line + " See " + log));
    }

    /** All there is of a log that was truncated meanwhile, as by logrotate; nothing of one that was moved. */
    private List<String> linesSince(long from) throws IOException {
        try (var file = new RandomAccessFile(log.toFile(), "r")) {
            long length = file.length();
            byte[] text = new byte[(int) Math.min(length < from ? length : length - from, LAST_BYTES)];
            file.seek(length - text.length);
            file.readFully(text);
            return new String(text, StandardCharsets.UTF_8).lines().toList();
        } catch (FileNotFoundException e) {
            return List.of();
        }
    }

    private static Optional<String> last(List<String> lines, Predicate<String> isOne) {
        return lines.stream().filter(isOne).reduce((_, last) -> last);
    }

    private static boolean counts(String line) {
        return line.startsWith(LOG_PREFIX) && !line.startsWith(LOG_PREFIX + "warning: ")
                || NOT_STARTED.matcher(line).matches();
    }
}
