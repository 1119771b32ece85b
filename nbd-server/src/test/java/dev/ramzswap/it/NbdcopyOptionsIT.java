package dev.ramzswap.it;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every combination of nbdcopy's options that change what it asks of a server, in and out again. */
class NbdcopyOptionsIT {
    private static final int BYTES = 8 << 20;
    private static final List<Integer> CONNECTIONS = List.of(1, 2, 8);
    private static final List<Integer> REQUESTS = List.of(1, 8, 64);

    @TempDir
    private static Path directory;

    private static DaemonProcess daemon;
    private static Path image;

    record Options(int connections, int requests, boolean destinationIsZero, boolean allocated) {
        List<Object> words() {
            List<Object> words =
                    new ArrayList<>(List.of("nbdcopy", "--connections=" + connections, "--requests=" + requests));
            if (destinationIsZero) {
                words.add("--destination-is-zero");
            }
            if (allocated) {
                words.add("--allocated");
            }
            return words;
        }
    }

    static Stream<Options> combinations() {
        return CONNECTIONS.stream()
                .flatMap(connections -> REQUESTS.stream()
                        .flatMap(requests -> IntStream.range(0, 4)
                                .mapToObj(
                                        bits -> new Options(connections, requests, (bits & 1) != 0, (bits & 2) != 0))));
    }

    @BeforeAll
    static void serve() throws Exception {
        image = Images.make(directory.resolve("in"), Images.Kind.SPARSE, BYTES, 5);
        daemon = DaemonProcess.start(
                directory, "--size", "8M", "--limit", "2M", "--backing-file", directory.resolve("backing"));
    }

    @AfterAll
    static void stop() throws Exception {
        daemon.close();
    }

    @ParameterizedTest
    @MethodSource("combinations")
    void anImageComesBackAsItWas(Options options) throws Exception {
        String before = options.destinationIsZero() ? "discard 0 8M" : "write -P 0x5a 0 8M";
        Tool.run("qemu-io", "-f", "raw", "-d", "unmap", "-c", before, daemon.uri());
        copy(options, image, daemon.uri());
        Path copy = directory.resolve("out");
        Files.deleteIfExists(copy);
        copy(options, daemon.uri(), copy);
        assertEquals(-1, Files.mismatch(image, copy), "the first byte that differs");
    }

    private static void copy(Options options, Object from, Object to) throws Exception {
        List<Object> words = options.words();
        words.add(from);
        words.add(to);
        Tool.run(words.toArray());
    }
}
