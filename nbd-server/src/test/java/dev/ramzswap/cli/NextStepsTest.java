package dev.ramzswap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.config.Config;
import dev.ramzswap.config.ConfigException;
import dev.ramzswap.config.Host;
import dev.ramzswap.config.Settings;
import java.util.Map;
import org.junit.jupiter.api.Test;

class NextStepsTest {
    private static Config config(Settings settings) throws ConfigException {
        return Config.of(settings, new Host(8L << 30, 0, Map.of()));
    }

    @Test
    void saysWhatToTypeNext() throws ConfigException {
        var settings = new Settings();
        settings.flag("size", "1G");
        settings.flag("socket", "/run/ramzswap/swap0.sock");
        assertEquals("""
                export swap0: 1G, lz4, no limit
                on /run/ramzswap/swap0.sock

                To see it:
                  nbdinfo 'nbd+unix:///swap0?socket=/run/ramzswap/swap0.sock'
                The machine may freeze if it swaps on this daemon, which is not guarded. To swap, as root:
                  ramzswap swapon NAME --size SIZE
                To look at it:
                  ramzswap status

                ready
                """, NextSteps.of(config(settings)));
    }

    @Test
    void aDaemonInSwapModeIsAttachedByOneCommand() throws ConfigException {
        var settings = new Settings();
        settings.flag("size", "1G");
        settings.flag("swap", "yes");
        assertEquals("""
                export swap0: 1G, lz4, no limit
                on /run/ramzswap/swap0.sock

                To swap on it, as root:
                  ramzswap swapon swap0
                To look at it:
                  ramzswap status

                ready
                """, NextSteps.of(config(settings)));
    }

    @Test
    void noKernelIsToldToSwapOverTls() throws ConfigException {
        var settings = new Settings();
        settings.flag("size", "1G");
        settings.flag("listen", "127.0.0.1:10809");
        settings.flag("tls-cert", "/c");
        settings.flag("tls-key", "/k");
        assertEquals("""
                export swap0: 1G, lz4, no limit
                on 127.0.0.1:10809

                To see it (DIR has ca-cert.pem, client-cert.pem, client-key.pem):
                  nbdinfo 'nbds://127.0.0.1:10809/?tls-certificates=DIR'
                To look at it:
                  ramzswap status

                ready
                """, NextSteps.of(config(settings)));
    }

    @Test
    void norOverTlsOnASocket() throws ConfigException {
        var settings = new Settings();
        settings.flag("size", "1G");
        settings.flag("socket", "/run/s");
        settings.flag("tls-cert", "/c");
        settings.flag("tls-key", "/k");
        settings.flag("socket-tls", "required");
        String text = NextSteps.of(config(settings));
        assertTrue(text.contains("  nbdinfo 'nbds+unix:///?socket=/run/s&tls-certificates=DIR'\n"), text);
        assertFalse(text.contains("nbd-client"), text);
    }

    @Test
    void aSocketThatWasPassedHasNoAddress() throws ConfigException {
        var settings = new Settings();
        settings.flag("size", "1G");
        settings.flag("tls-cert", "/c");
        settings.flag("tls-key", "/k");
        String own = Long.toString(ProcessHandle.current().pid());
        var host = new Host(8L << 30, 0, Map.of("LISTEN_FDS", "1", "LISTEN_PID", own));
        assertEquals("""
                export swap0: 1G, lz4, no limit
                on the socket that was passed (LISTEN_FDS)

                To look at it:
                  ramzswap status

                ready
                """, NextSteps.of(Config.of(settings, host)));
    }

    @Test
    void namesEveryExportOverTcp() throws ConfigException {
        var settings = new Settings();
        settings.flag("listen", "127.0.0.1:10809");
        settings.export("name=a,size=1G");
        settings.export("name=b,size=1G");
        String text = NextSteps.of(config(settings));
        assertTrue(text.contains("on 127.0.0.1:10809\n"), text);
        assertTrue(text.contains("  nbdinfo nbd://127.0.0.1:10809/a\n"), text);
        assertTrue(text.contains("  nbdinfo nbd://127.0.0.1:10809/b\n"), text);
    }

    @Test
    void aPathIsEncodedForTheUriAndSoForTheShell() throws ConfigException {
        var settings = new Settings();
        settings.flag("size", "1G");
        settings.flag("socket", "/run/it's a&b%s#+.sock");
        String text = NextSteps.of(config(settings));
        assertTrue(text.contains("nbdinfo 'nbd+unix:///swap0?socket=/run/it%27s%20a%26b%25s%23%2B.sock'\n"), text);
    }
}
