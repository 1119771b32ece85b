package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.daemon.Daemon;
import dev.ramzswap.status.ExportStatus;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A swapon that starts the daemon, too. */
class SwapOnDaemonTest extends SwapOnCase {
    @Test
    void startsTheDaemonTooAndSwapoffEndsIt() throws Exception {
        swapOn("swap0", background("--size", "16M"));
        ExportStatus export = ExportStatus.find(fake.machine().host(), "swap0").orElseThrow();
        assertTrue(
                out.toString()
                        .startsWith("swap0: started the daemon (pid "
                                + export.entry().pid() + "), which logs to " + temp.resolve("run/swap0.log") + "\n"),
                out.toString());
        assertTrue(
                failure("swap0", background("--size", "16M")).startsWith("swap0 is attached to /dev/nbd0 already: "));
        new SwapOff(fake.machine(), "swap0", new PrintWriter(out), false).run(false);
        assertFalse(export.entry().isAlive());
        assertFalse(hasRecord());
    }

    @Test
    void aDaemonThatWasStartedInVainIsEnded() throws Exception {
        fake.failures.put("mkswap -L", "no");
        failure("swap0", background("--size", "16M"));
        assertTrue(ExportStatus.find(fake.machine().host(), "swap0").isEmpty());
        assertTrue(Files.readString(temp.resolve("run/swap0.log")).contains("\nready\n"));
        assertTrue(out.toString().endsWith(" has ended\n"), out.toString());
    }

    @Test
    void saysWhyTheDaemonDidNotStart() {
        assertEquals(
                "the daemon did not start: --size: 5 is not a multiple of the page size 4096: use 4096 or a unit, as in 512M"
                        + " (see ramzswap serve --help)",
                failure("swap0", background("--size", "5")));
        assertEquals(List.of(), fake.ran);
    }

    @Test
    void doesNotStartASecondDaemon() throws Exception {
        try (Daemon _ = fake.serve(EXPORT)) {
            String message = failure("swap0", background("--size", "16M"));
            assertTrue(message.startsWith("swap0 is served already (pid "), message);
        }
    }
}
