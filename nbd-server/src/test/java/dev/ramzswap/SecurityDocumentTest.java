package dev.ramzswap;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** SECURITY.md names a test for each of its statements; this is that the test is there. */
class SecurityDocumentTest {
    private static final Path ROOT = Path.of("..");
    private static final Pattern NAME = Pattern.compile("`(\\w+(?:Test|IT))(?:\\.(\\w+))?`");

    static Stream<String> names() throws IOException {
        return NAME.matcher(Files.readString(ROOT.resolve("SECURITY.md")))
                .results()
                .map(MatchResult::group)
                .distinct();
    }

    @ParameterizedTest
    @MethodSource("names")
    void namesTestsThatAreThere(String name) throws IOException {
        var matcher = NAME.matcher(name);
        assertTrue(matcher.matches());
        List<Path> sources = sources(matcher.group(1));
        assertTrue(sources.size() == 1, () -> "sources: " + sources);
        if (matcher.group(2) != null) {
            String method = "void " + matcher.group(2) + "(";
            assertTrue(Files.readString(sources.getFirst()).contains(method), () -> method + " is not there");
        }
    }

    private static List<Path> sources(String test) throws IOException {
        try (Stream<Path> modules = Files.list(ROOT)) {
            return modules.map(module -> module.resolve("src/test/java/dev/ramzswap"))
                    .filter(Files::exists)
                    .flatMap(tests -> find(tests, test + ".java"))
                    .toList();
        }
    }

    private static Stream<Path> find(Path directory, String file) {
        try {
            return Files.find(directory, 3, (path, _) -> path.endsWith(file));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
