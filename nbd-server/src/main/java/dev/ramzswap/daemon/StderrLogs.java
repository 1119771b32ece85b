package dev.ramzswap.daemon;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.MessageFormat;
import java.time.Duration;
import java.util.ResourceBundle;

/**
 * Logs as one terse line each on stderr: {@code ramzswap: warning: text}. Where stderr is the journal, the line starts
 * with the level as the journal reads it ({@code <4>text}). This spares the daemon java.util.logging. Who logs never
 * waits for stderr, see {@link LogQueue}.
 */
public final class StderrLogs extends System.LoggerFinder {
    private static final boolean IS_JOURNAL = isJournal(System.getenv("JOURNAL_STREAM"));

    /** In the bytes that stderr has, whatever it is. */
    private static final Charset CHARSET = System.err.charset();

    private static final LogQueue QUEUE = new LogQueue(
            new FileOutputStream(FileDescriptor.err), Logger.start(System.Logger.Level.WARNING, IS_JOURNAL));

    /** How long the end of the process waits for who reads its log. */
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(StderrLogs::flush, "log-end"));
    }

    /** Waits until all that was logged is written, or a second: to be called before what ends the process unasked. */
    public static void flush() {
        QUEUE.flush(PATIENCE);
    }

    /** What ends a thread, logged like all else: the JVM's own way would wait for stderr. */
    public static void uncaught(Thread thread, Throwable e) {
        new Logger("uncaught", QUEUE, IS_JOURNAL)
                .log(System.Logger.Level.ERROR, "the thread " + thread.getName() + " has ended", e);
    }

    private static volatile System.Logger.Level least = System.Logger.Level.INFO;

    /** Logs this level and what is worse from now on, in all loggers. */
    public static void setLevel(System.Logger.Level level) {
        least = level;
    }

    @Override
    public System.Logger getLogger(String name, Module module) {
        return new Logger(name, QUEUE, IS_JOURNAL);
    }

    /** systemd.exec(5): the variable holds device and inode of the stream, which a child may have redirected since. */
    private static boolean isJournal(String stream) {
        if (stream == null) {
            return false;
        }
        try {
            var stderr = Files.readAttributes(Path.of("/proc/self/fd/2"), "unix:dev,ino");
            return stream.equals(stderr.get("dev") + ":" + stderr.get("ino"));
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }

    record Logger(String name, LogQueue queue, boolean journal) implements System.Logger {
        @Override
        public String getName() {
            return name;
        }

        @Override
        public boolean isLoggable(Level level) {
            return level.getSeverity() >= least.getSeverity() && level != Level.OFF;
        }

        @Override
        public void log(Level level, ResourceBundle bundle, String message, Throwable thrown) {
            if (isLoggable(level)) {
                print(level, thrown == null ? message : message + ": " + thrown);
                if (thrown instanceof RuntimeException || thrown instanceof Error) {
                    for (StackTraceElement frame : thrown.getStackTrace()) {
                        print(level, "  at " + frame);
                    }
                }
            }
        }

        @Override
        public void log(Level level, ResourceBundle bundle, String format, Object... values) {
            if (isLoggable(level)) {
                print(level, values == null || values.length == 0 ? format : MessageFormat.format(format, values));
            }
        }

        private void print(Level level, String text) {
            queue.add((start(level, journal) + text + "\n").getBytes(CHARSET));
        }

        private static String start(Level level, boolean journal) {
            return journal ? priority(level) : prefix(level);
        }

        private static String prefix(Level level) {
            return switch (level) {
                case ERROR -> "ramzswap: error: ";
                case WARNING -> "ramzswap: warning: ";
                default -> "ramzswap: ";
            };
        }

        /** The levels of sd-daemon(3). */
        private static String priority(Level level) {
            return switch (level) {
                case ERROR -> "<3>";
                case WARNING -> "<4>";
                default -> "<6>";
            };
        }
    }
}
