package dev.ramzswap.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
class ServiceManagerTest {
    @TempDir
    private Path dir;

    @ParameterizedTest
    @ValueSource(strings = {"", "@"})
    void tellsOfBeginningAndEnd(String kind) throws Throwable {
        String name = kind + dir.resolve("n");
        try (NotifySocket systemd = new NotifySocket(name)) {
            try (ServiceManager service = ServiceManager.of(Map.of("NOTIFY_SOCKET", name))) {
                service.goesOn("reserving");
                assertEquals("EXTEND_TIMEOUT_USEC=120000000\nSTATUS=reserving", systemd.receive());
                service.ready("swap0, 1G");
                assertEquals("READY=1\nSTATUS=swap0, 1G", systemd.receive());
                service.status("draining");
                assertEquals("STATUS=draining", systemd.receive());
            }
            assertEquals("STOPPING=1", systemd.receive());
        }
    }

    @Test
    void beatsUntilItIsClosed() throws Throwable {
        String name = dir.resolve("n").toString();
        try (NotifySocket systemd = new NotifySocket(name)) {
            var variables = Map.of("NOTIFY_SOCKET", name, "WATCHDOG_USEC", "2000");
            try (ServiceManager _ = ServiceManager.of(variables)) {
                for (int i = 0; i < 20; i++) {
                    assertEquals("WATCHDOG=1", systemd.receive());
                }
            }
            String last = systemd.receive();
            while (last.equals("WATCHDOG=1")) {
                last = systemd.receive();
            }
            assertEquals("STOPPING=1", last);
        }
    }

    @Test
    void aWatchdogOfAnotherProcessIsNotFed() throws Throwable {
        String name = dir.resolve("n").toString();
        try (NotifySocket systemd = new NotifySocket(name)) {
            var variables = Map.of("NOTIFY_SOCKET", name, "WATCHDOG_USEC", "1000", "WATCHDOG_PID", "1");
            ServiceManager service = ServiceManager.of(variables);
            Thread.sleep(20);
            service.close();
            assertEquals("STOPPING=1", systemd.receive());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"soon", "-1", "1e6", "99999999999999999999", ""})
    void aWatchdogThatMakesNoSenseIsNotFed(String micros) throws Throwable {
        String name = dir.resolve("n").toString();
        try (NotifySocket systemd = new NotifySocket(name)) {
            ServiceManager service = ServiceManager.of(Map.of("NOTIFY_SOCKET", name, "WATCHDOG_USEC", micros));
            service.close();
            assertEquals("STOPPING=1", systemd.receive());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "@", "/dev/null", "n", "vsock:2:1234"})
    void aSocketThatIsNoneIsToldNothing(String name) throws Exception {
        for (String socket : List.of(name, name + "x".repeat(200))) {
            try (ServiceManager deaf = ServiceManager.of(Map.of("NOTIFY_SOCKET", socket, "WATCHDOG_USEC", "2000"))) {
                deaf.ready("");
            }
        }
    }

    @Test
    void saysNothingWithoutSystemdAndGoesOnWithoutListener() throws Exception {
        try (ServiceManager nobody = ServiceManager.of(Map.of())) {
            nobody.ready("");
        }
        var variables = Map.of("NOTIFY_SOCKET", dir.resolve("none").toString(), "WATCHDOG_USEC", "1000");
        try (ServiceManager deaf = ServiceManager.of(variables)) {
            deaf.ready("");
        }
    }
}
