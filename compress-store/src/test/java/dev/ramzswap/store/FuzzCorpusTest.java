package dev.ramzswap.store;

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

    static Stream<Path> operations() throws IOException {
        return Files.list(CORPUS.resolve("StoreFuzz"));
    }

    @ParameterizedTest
    @MethodSource("operations")
    void operationsOnMapAndPool(Path input) throws IOException {
        StoreFuzz.fuzzerTestOneInput(Files.readAllBytes(input));
    }

    static Stream<Path> damages() throws IOException {
        return Files.list(CORPUS.resolve("DamagedFileFuzz"));
    }

    @ParameterizedTest
    @MethodSource("damages")
    void damagedBackingFile(Path input) throws IOException {
        DamagedFileFuzz.fuzzerTestOneInput(Files.readAllBytes(input));
    }
}
