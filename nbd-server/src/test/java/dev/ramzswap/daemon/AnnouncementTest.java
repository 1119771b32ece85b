package dev.ramzswap.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ramzswap.config.Config;
import dev.ramzswap.config.Host;
import dev.ramzswap.config.RuntimePath;
import dev.ramzswap.config.Settings;
import dev.ramzswap.control.ControlSocket;
import dev.ramzswap.status.ExportStatus;
import dev.ramzswap.status.RuntimeDir;
import dev.ramzswap.store.PageStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
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

    /** It may have become so after the start. */
    @Test
    void nothingIsLeftWhereOthersMayWrite() throws Exception {
        try (PageStore store = PageStore.open(config.exports().getFirst().store(config));
                Announcement announcement = new Announcement(config, host);
                Announcement next = new Announcement(config, host)) {
            announcement.serving(Map.of("swap0", store), _ -> "ok");
            Path entry = run.resolve("swap0.export");
            String before = Files.readString(entry);
            Files.setPosixFilePermissions(run, PosixFilePermissions.fromString("rwxrwxrwx"));
            announcement.draining();
            assertEquals(before, Files.readString(entry));
            Files.delete(entry);
            assertThrows(IOException.class, next::claim);
            assertFalse(Files.exists(entry));
        }
    }

    /** As that of a session that ends and begins anew meanwhile. */
    @Test
    void aDirectoryThatIsMadeAnewHasTheControlSocketToo() throws Exception {
        try (PageStore store = PageStore.open(config.exports().getFirst().store(config));
                Announcement announcement = new Announcement(config, host)) {
            var stores = new HashMap<>(Map.of("swap0", store)) {
                private static final long serialVersionUID = 1;

                @Override
                public PageStore get(Object name) {
                    removeAll();
                    return super.get(name);
                }
            };
            assertThrows(IOException.class, () -> announcement.serving(stores, _ -> "ok"));
            announcement.serving(Map.of("swap0", store), _ -> "ok");
            ExportStatus found = ExportStatus.find(host, "swap0").orElseThrow();
            assertEquals("ok", ControlSocket.request(found.entry().control(), "set"));
        }
    }

    private void removeAll() {
        try (Stream<Path> files = Files.list(run)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
            Files.delete(run);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
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
