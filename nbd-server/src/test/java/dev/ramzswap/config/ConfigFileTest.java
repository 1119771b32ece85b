package dev.ramzswap.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigFileTest {
    private static final Host HOST = new Host(8L << 30, 0, Map.of());

    private static Settings parse(String text) throws ConfigException {
        return ConfigFile.parse("swap.conf", List.of(text.split("\n")));
    }

    @Test
    void sectionsAreExports() throws ConfigException {
        Settings settings = parse("""
                # all of them
                socket = /run/s.sock # where clients come

                [export a]
                size = 1G
                  codec=zstd:3
                [export b]
                size=2G
                backing-file=/var/x=y, z#1	# behind a tab
                """);
        Config config = Config.of(settings, HOST);
        assertEquals(Optional.of(Path.of("/run/s.sock")), config.socket());
        assertEquals(
                List.of("a", "b"),
                config.exports().stream().map(ExportConfig::name).toList());
        assertEquals("zstd:3", config.exports().getFirst().codec().toString());
        assertEquals(
                Path.of("/var/x=y, z#1"),
                config.exports().getLast().backing().orElseThrow().path());
    }

    @Test
    void flagsGoBeforeTheFile() throws ConfigException {
        var settings = new Settings();
        settings.flag("size", "2G");
        settings.addMissing(parse("size=1G\nlimit=256M\nsocket=/run/s.sock"));
        Config config = Config.of(settings, HOST);
        assertEquals(2L << 30, config.exports().getFirst().size());
        assertEquals(256L << 20, config.exports().getFirst().limit());
    }

    @Test
    void exportsComeFromOnePlace() throws ConfigException {
        var settings = new Settings();
        settings.export("name=a,size=1G");
        Settings file = parse("[export b]\nsize=1G");
        var e = assertThrows(ConfigException.class, () -> settings.addMissing(file));
        assertEquals(
                "--export: the file has exports as well (swap.conf:1 name): describe all of them in one place",
                e.getMessage());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "size=1G;frob=2 | swap.conf:2 frob: is not a key: a daemon has socket, listen, tls-cert, tls-key, tls-ca, listen-tls,"
                        + " socket-tls, insecure, state-dir, swap, standby, unsafe, reserve, log-level; an export has name, size,",
                "[export a];frob=2 | swap.conf:2 frob: is not a key: an export has name, size, limit,",
                "[export a];size=1G;;socket=/s | swap.conf:4 socket: belongs to the daemon, not to an export: ",
                "size=1G;size=2G | swap.conf:2 size: given twice, '1G' and '2G': give it once",
                "hello | swap.conf:1: 'hello' is not key=value: write size=1G or [export NAME]",
                "=x | swap.conf:1: '=x' is not key=value: ",
                "[export] | swap.conf:1: '[export]' is not a section: write [export NAME]",
                "[swap a] | swap.conf:1: '[swap a]' is not a section: write [export NAME]",
                "[export a];name=b | swap.conf:2 name: given twice, 'a' and 'b': give it once",
                "#;size=1X | swap.conf:2 size: '1X' is not a size: ",
                "[export a];size=1G;codec=foo | swap.conf:3 codec: 'foo' is not a codec: ",
            })
    void errorsNameTheLine(String lines, String message) {
        var e = assertThrows(ConfigException.class, () -> Config.of(parse(lines.replace(';', '\n')), HOST));
        assertTrue(e.getMessage().startsWith(message.stripLeading()), e.getMessage());
    }

    @Test
    void filesThatCannotBeRead(@TempDir Path dir) throws IOException {
        var missing = assertThrows(ConfigException.class, () -> ConfigFile.read(dir.resolve("none")));
        assertTrue(missing.getMessage().contains("does not exist"), missing.getMessage());
        Path binary = Files.write(dir.resolve("binary"), new byte[] {(byte) 0xff, (byte) 0xfe});
        var odd = assertThrows(ConfigException.class, () -> ConfigFile.read(binary));
        assertEquals("--config: " + binary + " is not UTF-8 text: save it as that", odd.getMessage());
    }

    @Test
    void aByteOrderMarkIsNamed(@TempDir Path dir) throws IOException {
        Path file = Files.writeString(dir.resolve("c"), "\uFEFFsize=1G\n");
        assertEquals(
                "--config: " + file + " begins with a byte order mark, which is not seen: save it as UTF-8 without one",
                assertThrows(ConfigException.class, () -> ConfigFile.read(file)).getMessage());
    }

    /** A daemon reads it anew on SIGHUP, with a small heap. */
    @Test
    void whatIsNoSmallPlainFileIsNotRead(@TempDir Path temp) throws Exception {
        Path large = Files.writeString(temp.resolve("large"), "#\n".repeat(40_000));
        assertEquals(
                "--config: " + large + " has more than 64K: give a file of key = value lines",
                assertThrows(ConfigException.class, () -> ConfigFile.read(large))
                        .getMessage());
        for (Path special : List.of(temp, Path.of("/dev/zero"))) {
            assertEquals(
                    "--config: " + special + " is not a plain file: give the path of one",
                    assertThrows(ConfigException.class, () -> ConfigFile.read(special))
                            .getMessage());
        }
    }
}
