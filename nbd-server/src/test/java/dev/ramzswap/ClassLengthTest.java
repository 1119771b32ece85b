package dev.ramzswap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * How long a class may be where pages are kept: what is too long for one look has lost some. One that gets longer has
 * two concerns, and is divided by them.
 */
class ClassLengthTest {
    private static final int MOST_LINES = 350;

    @ParameterizedTest
    @ValueSource(strings = {"compress-store", "backing-file"})
    void noClassIsTooLongForOneLook(String module) throws IOException {
        List<Path> sources = sources(Path.of("..", module, "src", "main", "java"));
        assertFalse(sources.isEmpty());
        List<String> tooLong = new ArrayList<>();
        for (Path source : sources) {
            int lines = Files.readAllLines(source).size();
            if (lines > MOST_LINES) {
                tooLong.add(source.getFileName() + ": " + lines);
            }
        }
        assertEquals(List.of(), tooLong, "longer than " + MOST_LINES + " lines");
    }

    private static List<Path> sources(Path directory) throws IOException {
        try (Stream<Path> sources = Files.find(
                directory, Integer.MAX_VALUE, (path, _) -> path.toString().endsWith(".java"))) {
            return sources.toList();
        }
    }
}
