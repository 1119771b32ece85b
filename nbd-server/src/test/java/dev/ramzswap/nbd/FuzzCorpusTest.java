package dev.ramzswap.nbd;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Replays what the fuzzer found worth keeping, and what it found to be wrong once. */
@Timeout(60)
class FuzzCorpusTest {
    private static final Path CORPUS = Path.of("src/test/fuzz");

    static Stream<Path> handshakes() throws IOException {
        return Files.list(CORPUS.resolve("HandshakeFuzz"));
    }

    @ParameterizedTest
    @MethodSource("handshakes")
    void handshake(Path input) throws IOException {
        HandshakeFuzz.fuzzerTestOneInput(Files.readAllBytes(input));
    }

    static Stream<Path> transmissions() throws IOException {
        return Files.list(CORPUS.resolve("TransmissionFuzz"));
    }

    @ParameterizedTest
    @MethodSource("transmissions")
    void transmission(Path input) throws IOException {
        TransmissionFuzz.fuzzerTestOneInput(Files.readAllBytes(input));
    }
}
