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
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AnnouncementTest {
    @TempDir
    private Path run;

    @Test
    void whatIsTakenBackIsNotSaidAgainByAnAttemptUnderWay() throws Exception {
        Host host = new Host(8L << 30, Host.current().uid(), Map.of(RuntimePath.VARIABLE, run.toString()));
        Settings settings = new Settings();
        settings.flag("size", "16M");
        Config config = Config.of(settings, host);
        RuntimeDir dir = RuntimeDir.own(host);
        dir.prepare(host);
        try (PageStore store = PageStore.open(config.exports().getFirst().store(config))) {
            Announcement announcement = new Announcement(config, dir);
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
