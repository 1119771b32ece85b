package dev.ramzswap.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** qemu-io and qemu-img: patterns at any offset and length, zeroes, discards, maps, comparisons. */
class QemuIT {
    private static final int BYTES = 16 << 20;

    @TempDir
    private Path directory;

    private DaemonProcess daemon;

    @BeforeEach
    void serve() throws Exception {
        daemon = DaemonProcess.start(
                directory, "--size", "16M", "--limit", "4M", "--backing-file", directory.resolve("backing"));
    }

    @AfterEach
    void stop() throws Exception {
        daemon.close();
    }

    /** Runs commands on an image; qemu-io's exit status tells whether a pattern was not what was read. */
    private static Tool.Result io(Object image, List<String> commands) throws Exception {
        List<Object> words = new ArrayList<>(List.of("qemu-io", "-f", "raw", "-d", "unmap"));
        for (String command : commands) {
            words.add("-c");
            words.add(command);
        }
        words.add(image);
        return Tool.runToEnd(words.toArray());
    }

    private void io(String... commands) throws Exception {
        Tool.Result result = io(daemon.uri(), List.of(commands)).expect(0);
        assertFalse(result.out().contains("failed"), result::toString);
    }

    @Test
    void aWrongPatternWouldBeNoticed() throws Exception {
        assertNotEquals(
                0,
                io(daemon.uri(), List.of("write -P 1 0 4k", "read -P 2 0 4k")).exit());
    }

    @Test
    void patternsReadBack() throws Exception {
        io("read -P 0 0 16M", "write -P 0xab 0 64k", "read -P 0xab 0 64k", "read -P 0 64k 64k");
        io(
                "read -P 0xab 0 64k",
                "write -P 0xcd 32k 4k",
                "read -P 0xab 0 32k",
                "read -P 0xcd 32k 4k",
                "read -P 0xab 36k 28k");
    }

    @Test
    void partsOfPagesLeaveTheirNeighboursIntact() throws Exception {
        io("write -P 1 0 12k", "write -P 2 4095 2", "write -P 3 5000 1", "write -P 4 8190 4000");
        io(
                "read -P 1 0 4095",
                "read -P 2 4095 2",
                "read -P 1 4097 903",
                "read -P 3 5000 1",
                "read -P 1 5001 3189",
                "read -P 4 8190 4000",
                "read -P 1 12190 98",
                "read -P 0 12288 4096");
    }

    @Test
    void zeroesAndDiscardsReadAsZeroesAndFreeTheirPages() throws Exception {
        io("write -P 5 0 1M", "write -z 100 8000", "read -P 5 0 100", "read -P 0 100 8000", "read -P 5 8100 92");
        io("write -z -u 64k 64k", "discard 128k 128k", "read -P 0 64k 192k", "read -P 5 256k 768k");
        io("discard 0 16M", "read -P 0 0 16M");
        assertEquals(0, daemon.status("swap0").get("orig_data_size"));
    }

    @Test
    void asynchronousWritesAreThereAfterTheirFlush() throws Exception {
        List<String> commands = new ArrayList<>();
        for (int i = 1; i <= 100; i++) {
            commands.add("aio_write -q -P " + i + " " + (i * 50_000) + " 50000");
            if (i % 10 == 0) {
                commands.add("aio_flush"); // requests in flight at once may be carried out in any order
                commands.add("aio_write -q -z " + i * 50_000 + " 1000");
                commands.add("aio_flush");
                commands.add("aio_read -q -P " + (i - 1) + " " + (i - 1) * 50_000 + " 50000");
                commands.add("aio_read -q -P 0 " + i * 50_000 + " 1000");
                commands.add("aio_read -q -P " + i + " " + (i * 50_000 + 1000) + " 49000");
            }
        }
        commands.add("aio_flush");
        Tool.Result result = io(daemon.uri(), commands).expect(0);
        assertEquals("", result.out() + result.err());
    }

    @Test
    void listsItsExport() throws Exception {
        Tool.Result list = Tool.run("qemu-nbd", "--list", "-k", daemon.socket());
        for (String part : List.of(
                "exports available: 1",
                "export: 'swap0'",
                "size:  16777216",
                "flush fua trim zeroes df multi cache fast-zero",
                "min block: 1",
                "opt block: 4096",
                "max block: 33554432",
                "base:allocation")) {
            assertTrue(list.out().contains(part), () -> "'" + part + "' is not in " + list);
        }
    }

    @Test
    void mapsShowWhatIsAllocated() throws Exception {
        io("write -P 6 1M 64k");
        Tool.Result map = Tool.run("qemu-img", "map", "--output=json", "-f", "raw", daemon.uri());
        assertTrue(
                map.out()
                        .replaceAll("\\s", "")
                        .contains("\"start\":1048576,\"length\":65536,\"depth\":0,\"present\":true,"
                                + "\"zero\":false,\"data\":true"),
                map::toString);
        // Of a protocol without layers, all is "allocated" to qemu-io, holes too.
        Tool.Result extents = io(daemon.uri(), List.of("map")).expect(0);
        assertTrue(extents.out().startsWith("16 MiB (0x1000000) bytes     allocated at offset 0"), extents::toString);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void anySequenceLeavesTheSameAsOnAFile(long seed) throws Exception {
        Path file = directory.resolve("file");
        Tool.run("qemu-img", "create", "-f", "raw", file, Integer.toString(BYTES));
        Random random = new Random(seed);
        List<String> commands = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            int length = 1 + random.nextInt(1 << random.nextInt(1, 19));
            int offset = random.nextInt(BYTES - length);
            String kind = random.nextInt(4) == 0 ? "-z" : "-P " + random.nextInt(256);
            commands.add("write " + kind + " " + offset + " " + length);
        }
        io(file, commands).expect(0);
        io(daemon.uri(), commands).expect(0);
        Tool.run("qemu-img", "compare", "-f", "raw", "-F", "raw", file, daemon.uri());
        Tool.run("qemu-img", "compare", "-f", "raw", "-F", "raw", daemon.tcpUri(""), file);
    }

    @Test
    void comparesAndConvertsImages() throws Exception {
        Path image = Images.make(directory.resolve("image"), Images.Kind.SPARSE, BYTES, 3);
        Tool.run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", image, daemon.uri());
        Tool.Result same = Tool.run("qemu-img", "compare", "-f", "raw", "-F", "raw", image, daemon.uri());
        assertTrue(same.out().contains("identical"), same::toString);
        Path packed = directory.resolve("packed");
        Tool.run("qemu-img", "convert", "-c", "-m", "8", "-W", "-f", "raw", "-O", "qcow2", daemon.uri(), packed);
        Tool.run("qemu-img", "compare", "-f", "raw", "-F", "qcow2", image, packed);
        Tool.run("qemu-img", "compare", "-s", "-f", "raw", "-F", "raw", daemon.tcpUri(""), daemon.uri());
        io("write -P 1 5M 1");
        Tool.runToEnd("qemu-img", "compare", "-f", "raw", "-F", "raw", image, daemon.uri())
                .expect(1);
    }

    @Test
    void bearsQemusBenchmark() throws Exception {
        bench("-w", "-c", "10000", "-d", "64", "-s", "4096");
        // Within the device: what would go past its end, qemu-img bench refuses itself, as an I/O error.
        bench("-c", "3000", "-d", "64", "-s", "4096", "-S", "5120");
        bench("-w", "-c", "1300", "-d", "16", "-s", "10000", "-S", "12345", "--flush-interval=100");
    }

    private void bench(String... options) throws Exception {
        List<Object> words = new ArrayList<>(List.of("qemu-img", "bench", "-f", "raw"));
        words.addAll(List.of(options));
        words.add(daemon.uri());
        Tool.run(words.toArray());
    }
}
