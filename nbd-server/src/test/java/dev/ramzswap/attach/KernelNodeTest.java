package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ramzswap.config.Host;
import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** By a loop device. */
class KernelNodeTest {
    @TempDir
    private Path temp;

    private final HostTools tools = new HostTools(System.getenv("PATH"));
    private Path device;
    private String number;

    @BeforeEach
    void makeDevice() throws Exception {
        assumeTrue(Host.current().isRoot() && Files.exists(Path.of("/dev/loop-control")), "only root has loop devices");
        Path image = Files.write(temp.resolve("image"), new byte[1 << 20]);
        device = Path.of(said("losetup", "--find", "--show", image.toString()));
        number = Files.readString(Path.of("/sys/block", device.getFileName().toString(), "dev"))
                .strip();
    }

    @AfterEach
    void removeDevice() throws Exception {
        if (device != null) {
            said("losetup", "--detach", device.toString());
        }
    }

    private String said(String... command) throws IOException, InterruptedException {
        Tools.Result result = tools.run(() -> {}, command);
        assertEquals(0, result.status(), result.output());
        return result.lastLine().orElse("");
    }

    @Test
    void isTheUsualOne() throws Exception {
        assertInUse(device);
        try (KernelNode node = node(device)) {
            assertEquals(device.toString(), node.path());
        }
    }

    /** None, a plain file or a directory that somebody has put there, or another device's. */
    @ParameterizedTest
    @ValueSource(strings = {"", "touch", "mkdir", "mknod -m 600 PATH b 7 4095"})
    void isOneOfItsOwnWhereThatIsNone(String command) throws Exception {
        Path usual = temp.resolve("usual");
        if (!command.isEmpty()) {
            String words = command.contains("PATH") ? command.replace("PATH", usual.toString()) : command + " " + usual;
            said(words.split(" "));
        }
        Path own;
        try (KernelNode node = node(usual)) {
            own = node.file();
            assertNotEquals(usual, own);
            assertTrue(Files.exists(own));
        }
        assertFalse(Files.exists(own.getParent()));
        assertInUse(usual);
    }

    @Test
    void saysWhatToDoWhereThereCanBeNone() {
        Path usual = temp.resolve("usual");
        String message = assertThrows(IOException.class, () -> KernelNode.of(usual, "none:0", tools))
                .getMessage();
        assertTrue(message.startsWith(usual + " is missing, or is not that device, and no other node"), message);
        assertTrue(message.endsWith(": remove what is there, mknod " + usual + " b none 0, then repeat this"), message);
    }

    private KernelNode node(Path usual) throws IOException, InterruptedException {
        return KernelNode.of(usual, number, tools);
    }

    private void assertInUse(Path usual) throws Exception {
        try (KernelNode node = node(usual)) {
            assertFalse(node.isInUse());
            try (NativeFile _ = NativeFile.open(device, NativeFile.O_RDONLY | NativeFile.O_EXCL)) {
                assertTrue(node.isInUse());
            }
            assertFalse(node.isInUse());
        }
    }
}
