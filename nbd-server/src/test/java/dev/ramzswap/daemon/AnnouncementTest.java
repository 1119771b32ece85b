package dev.ramzswap.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ramzswap.config.Config;
import dev.ramzswap.config.Host;
import dev.ramzswap.config.RuntimePath;
import dev.ramzswap.config.Settings;
import dev.ramzswap.status.ExportStatus;
import dev.ramzswap.status.RuntimeDir;
import dev.ramzswap.store.PageStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class AnnouncementTest {
    @TempDir
    private Path run;

    private Host host;
    private Config config;
    private RuntimeDir dir;

    @BeforeEach
    void prepare() throws Exception {
        host = new Host(8L << 30, Host.current().uid(), Map.of(RuntimePath.VARIABLE, run.toString()));
        Settings settings = new Settings();
        settings.flag("size", "16M");
        config = Config.of(settings, host);
        dir = RuntimeDir.own(host);
        dir.prepare(host);
    }

    /** As when the control socket cannot start its own. */
    @Test
    @Timeout(60)
    void wantOfAThreadIsTriedAgain() throws Exception {
        try (PageStore store = PageStore.open(config.exports().getFirst().store(config));
                Retries retries = new Retries();
                Announcement announcement = new Announcement(config, host)) {
            announcement.servingSoon(new NoThreadAtFirst(store), _ -> "ok", retries);
            while (ExportStatus.all(host).isEmpty()) {
                Thread.sleep(10);
            }
        }
    }

    private static final class NoThreadAtFirst extends HashMap<String, PageStore> {
        private static final long serialVersionUID = 1;
        private boolean isLater;

        NoThreadAtFirst(PageStore store) {
            super(Map.of("swap0", store));
        }

        @Override
        public Set<String> keySet() {
            if (!isLater) {
                isLater = true;
                throw new OutOfMemoryError("made up: unable to create native thread");
            }
            return super.keySet();
        }
    }

    @Test
    void whatIsTakenBackIsNotSaidAgainByAnAttemptUnderWay() throws Exception {
        try (PageStore store = PageStore.open(config.exports().getFirst().store(config))) {
            Announcement announcement = new Announcement(config, host);
            announcement.serving(Map.of("swap0", store), _ -> "ok");
            assertEquals(1, ExportStatus.all(host).size());
            announcement.close();
            announcement.serving(Map.of("swap0", store), _ -> "ok");
            try (Stream<Path> files = Files.list(run)) {
                assertEquals(List.of(run.resolve("names.lock")), files.toList());
            }
        }
    }
}
