package dev.ramzswap.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One file for two exports, by two names. */
class SharedBackingFileTest {
    @TempDir
    Path dir;

    @Test
    void isRefusedWithBothExportsByWhateverNames() throws IOException {
        Path file = dir.resolve("file");
        Path link = Files.createSymbolicLink(dir.resolve("link"), file);
        Path directory = Files.createSymbolicLink(dir.resolve("directory"), dir);
        assertRefused(file, link);
        assertRefused(file, directory.resolve("file"));
        Files.createFile(file);
        assertRefused(file, link);
        assertRefused(file, Files.createLink(dir.resolve("hard"), file));
    }

    @Test
    void isRefusedAlsoByTheNameOfALoopDevice() throws Exception {
        assumeTrue(Host.current().isRoot() && Files.exists(Path.of("/dev/loop-control")), "only root has loop devices");
        Path file = Files.write(dir.resolve("file"), new byte[1 << 20]);
        Path device = Path.of(run("losetup", "--find", "--show", file.toString()));
        Path part = Path.of(run("losetup", "--find", "--show", "--offset", "65536", file.toString()));
        try {
            assertRefused(device, file);
            assertRefused(file, device);
            assertRefused(device, part);
        } finally {
            run("losetup", "--detach", device.toString(), part.toString());
        }
    }

    private static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), () -> List.of(command).toString());
        return output.strip();
    }

    @Test
    void twoFilesAreTwo() throws ConfigException, IOException {
        Path link = Files.createSymbolicLink(dir.resolve("link"), dir.resolve("b"));
        assertEquals(2, config(dir.resolve("a"), link).exports().size());
        Files.createFile(dir.resolve("a"));
        Files.createFile(dir.resolve("b"));
        assertEquals(2, config(dir.resolve("a"), link).exports().size());
    }

    /** Its own, or that of another export, by whatever name. */
    @Test
    void aPartOfTheStateIsNone() throws IOException {
        Path state = Files.createDirectory(dir.resolve("state"));
        Path link = Files.createSymbolicLink(dir.resolve("link"), state.resolve("b.map"));
        for (Path file : List.of(state.resolve("a.pool"), link)) {
            String export = file.equals(link) ? "b" : "a";
            ConfigException e = assertThrows(ConfigException.class, () -> config(file, dir.resolve("other"), state));
            assertEquals(
                    "--backing-file: " + file + " is a part of what export " + export
                            + " has in the state directory: give another path",
                    e.getMessage());
        }
    }

    /** Their disk may not answer. Who opens the files finds out by their locks. */
    @Test
    void isNotLookedForWhereThereArePages() throws ConfigException, IOException {
        Path state = Files.createDirectory(dir.resolve("state"));
        Files.write(state.resolve("a.map"), new byte[4096]);
        Path file = Files.createFile(dir.resolve("file"));
        assertEquals(2, config(file, file, state).exports().size());
    }

    private static void assertRefused(Path first, Path second) {
        ConfigException e = assertThrows(ConfigException.class, () -> config(first, second));
        assertEquals(
                "--backing-file: exports a and b have " + first + " and " + second
                        + ", which are one file or device, or parts of one: give each its own",
                e.getMessage());
    }

    private static Config config(Path first, Path second) throws ConfigException, IOException {
        return config(first, second, Path.of("/run/state"));
    }

    private static Config config(Path first, Path second, Path state) throws ConfigException, IOException {
        var settings = new Settings();
        settings.flag("state-dir", state.toString());
        settings.export("name=a,size=1G,backing-file=" + first);
        settings.export("name=b,size=1G,backing-file=" + second);
        return Config.of(settings, new Host(8L << 30, 0, Map.of()));
    }
}
