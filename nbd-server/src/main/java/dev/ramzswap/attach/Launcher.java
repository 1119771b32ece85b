package dev.ramzswap.attach;

import dev.ramzswap.config.Host;
import dev.ramzswap.status.ExportStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** How a daemon becomes a process that outlives the one that starts it. */
interface Launcher {
    /** How long what is told to end may take to give back what it has reserved. */
    Duration PATIENCE = Duration.ofSeconds(10);

    /**
     * The words that do it, and end with the daemon, or with status 0 when it runs.
     *
     * @param command the daemon's own words
     * @param log where its output goes; that of these words goes there, too
     */
    List<String> words(List<String> command, Path log);

    /**
     * Ends what such words have started, if they have not failed: tells it to, and kills it where that does not help,
     * unless it serves.
     *
     * @return whether it has ended; otherwise it goes on until the last client has left it
     */
    boolean end(Process words) throws IOException, InterruptedException;

    /**
     * In a session of its own, which is all that there is without systemd.
     *
     * @param host has the runtime directory in which the daemon says that it serves
     */
    record OwnSession(Host host, Duration patience) implements Launcher {
        OwnSession(Host host) {
            this(host, PATIENCE);
        }

        @Override
        public List<String> words(List<String> command, Path log) {
            var words = new ArrayList<>(List.of("setsid"));
            words.addAll(command);
            return words;
        }

        @Override
        public boolean end(Process words) throws IOException, InterruptedException {
            words.destroy();
            boolean isOver = words.waitFor(patience);
            if (!isOver && !serves(words.pid())) {
                words.destroyForcibly();
                isOver = true;
            }
            return isOver;
        }

        private boolean serves(long pid) throws IOException {
            return ExportStatus.all(host).stream()
                    .anyMatch(export -> export.entry().pid() == pid);
        }
    }
}
