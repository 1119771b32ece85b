package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.linux.ProcessId;
import dev.ramzswap.store.CodecSpec;
import dev.ramzswap.store.PageStore;
import dev.ramzswap.store.StoreConfig;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BackendTest {
    @Test
    void itsTextSaysAllOfIt() {
        Backend backend = new Backend("swap-0.a", -2, 16, new ProcessId(4711, 815));
        assertEquals("ramzswap:swap-0.a:fffffffffffffffe:16:4711:815", backend.toString());
        assertEquals(Optional.of(backend), Backend.parse(backend.toString()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "rbd/image",
                "ramzswap:a:0123456789abcdef",
                "ramzswap:a:0123456789abcdef:1",
                "ramzswap:a:0123456789abcdef:1:2",
                "ramzswap::0123456789abcdef:1:2:3",
                "ramzswap:a:0123456789abcde:1:2:3",
                "ramzswap:a:0123456789abcdef:12345:2:3",
                "ramzswap:a:0123456789abcdef:1:1234567890:3",
                "ramzswap:a:0123456789abcdef:1:2:3 ",
            })
    void otherTextIsNotOurs(String text) {
        assertEquals(Optional.empty(), Backend.parse(text));
    }

    /** A daemon that does not know the text gives no connection back, and must not begin to take over. */
    @Test
    void whoChangesItsTextChangesTheStatesVersion() throws IOException {
        int version = versionOfTheState();
        var backend = new Backend("a", 1, 2, new ProcessId(3, 4));
        assertEquals("4 ramzswap:a:0000000000000001:2:3:4", version + " " + backend);
        List<String> preinst = Files.readAllLines(Path.of("../systemd/debian/control/preinst"));
        assertTrue(preinst.contains("layout=" + version), preinst.toString());
    }

    /** As preinst has it. */
    private static int versionOfTheState() throws IOException {
        var config = new StoreConfig(
                "a",
                64,
                StoreConfig.NO_LIMIT,
                CodecSpec.LZ4,
                StoreConfig.DEFAULT_CUTOFF,
                Optional.empty(),
                false,
                0,
                Optional.empty());
        try (PageStore store = PageStore.open(config);
                InputStream counters = Files.newInputStream(store.counters().path())) {
            return counters.readNBytes(8)[7];
        }
    }
}
