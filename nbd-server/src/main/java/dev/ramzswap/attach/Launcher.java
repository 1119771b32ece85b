package dev.ramzswap.attach;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** How a daemon becomes a process that outlives the one that starts it. */
interface Launcher {
    /**
     * The words that do it, and end with the daemon, or with status 0 when it runs.
     *
     * @param command the daemon's own words
     * @param log where its output goes; that of these words goes there, too
     */
    List<String> words(List<String> command, Path log);

    /** Ends what such words have started, if they have not failed. */
    void kill(Process words) throws IOException, InterruptedException;

    /** In a session of its own, which is all that there is without systemd. */
    final class OwnSession implements Launcher {
        private static final int PATIENCE_SECONDS = 10;

        @Override
        public List<String> words(List<String> command, Path log) {
            var words = new ArrayList<>(List.of("setsid"));
            words.addAll(command);
            return words;
        }

        /** Told first: it then gives back what it has reserved so far. */
        @Override
        public void kill(Process words) throws InterruptedException {
            words.destroy();
            if (!words.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                words.destroyForcibly();
            }
        }
    }
}
