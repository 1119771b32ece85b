package dev.ramzswap.attach;

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
     * Ends what such words have started, if they have not failed: tells it to, and kills it where that does not help.
     */
    void kill(Process words) throws IOException, InterruptedException;

    /** In a session of its own, which is all that there is without systemd. */
    final class OwnSession implements Launcher {
        @Override
        public List<String> words(List<String> command, Path log) {
            var words = new ArrayList<>(List.of("setsid"));
            words.addAll(command);
            return words;
        }

        @Override
        public void kill(Process words) throws InterruptedException {
            words.destroy();
            if (!words.waitFor(PATIENCE)) {
                words.destroyForcibly();
            }
        }
    }
}
