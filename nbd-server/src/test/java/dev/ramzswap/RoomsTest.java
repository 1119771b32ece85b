package dev.ramzswap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Which package knows which, in all modules' sources but those of tests: the arrows of docs/design.md. None runs back.
 */
class RoomsTest {
    /** Each package, and those that it knows, all of which stand below it. */
    private static final String ARROWS = """
            bench
            runtime cli config
            cli attach config daemon guard linux nbd.io status
            attach closing config control daemon frees linux nbd.client status
            daemon closing config control frees guard linux nbd nbd.client nbd.export nbd.wire status store
            guard closing config linux
            status closing config control frees linux store
            control closing config linux nbd.io
            config linux nbd.tls store
            frees linux
            nbd.client closing linux nbd.export nbd.wire
            nbd closing linux nbd.export nbd.fence nbd.io nbd.lane nbd.tls nbd.wire
            nbd.lane closing nbd.export nbd.fence nbd.io nbd.wire
            nbd.wire nbd.export
            nbd.export linux
            nbd.fence linux
            nbd.tls nbd.io
            nbd.io closing
            store backing closing linux
            backing closing linux
            linux closing
            closing
            """;

    private static final Path ROOT = Path.of("..");
    private static final String ALL = "dev.ramzswap.";
    private static final Pattern NAME = Pattern.compile("\\bdev\\.ramzswap\\.((?:[a-z]+\\.)*[a-z]+)\\b");

    /** Of comments: those of more lines begin each with a star. */
    private static final Pattern COMMENT = Pattern.compile("^\\s*(?:\\*|/\\*|//).*|(?<!:)//.*|\"[^\"]*\"");

    @Test
    void theArrowsAreTheseAlone() throws IOException {
        assertEquals(text(new TreeMap<>(arrows())), text(found()), "expected is what the table here says");
    }

    @Test
    void noArrowRunsBack() {
        var above = new ArrayList<String>();
        arrows().forEach((room, known) -> {
            above.add(room);
            for (String other : known) {
                assertTrue(arrows().containsKey(other) && !above.contains(other), room + " looks up to " + other);
            }
        });
    }

    @Test
    void eachRoomIsInTheDocument() throws IOException {
        String document = Files.readString(ROOT.resolve("docs/design.md"));
        for (String room : arrows().keySet()) {
            assertTrue(document.contains("`" + ALL + room + "`"), room);
        }
    }

    private static Map<String, SortedSet<String>> arrows() {
        var arrows = new LinkedHashMap<String, SortedSet<String>>();
        ARROWS.lines().forEach(line -> {
            List<String> words = List.of(line.split(" +"));
            arrows.put(words.getFirst(), new TreeSet<>(words.subList(1, words.size())));
        });
        return arrows;
    }

    /** A line for each room, for a failure's message. */
    private static String text(SortedMap<String, SortedSet<String>> arrows) {
        var lines = new StringBuilder();
        arrows.forEach((room, known) -> lines.append(room)
                .append(known.isEmpty() ? "" : " ")
                .append(String.join(" ", known))
                .append('\n'));
        return lines.toString();
    }

    private static SortedMap<String, SortedSet<String>> found() throws IOException {
        var found = new TreeMap<String, SortedSet<String>>();
        try (Stream<Path> modules = Files.list(ROOT)) {
            modules.flatMap(module -> Stream.of("main", "runtime")
                            .map(kind -> module.resolve("src").resolve(kind).resolve("java")))
                    .filter(Files::exists)
                    .flatMap(RoomsTest::sources)
                    .forEach(source -> add(source, found));
        }
        return found;
    }

    private static Stream<Path> sources(Path directory) {
        try {
            return Files.find(
                    directory, Integer.MAX_VALUE, (path, _) -> path.toString().endsWith(".java"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void add(Path source, SortedMap<String, SortedSet<String>> found) {
        List<String> names = names(source);
        SortedSet<String> known = found.computeIfAbsent(names.getFirst(), _ -> new TreeSet<>());
        known.addAll(names);
        known.remove(names.getFirst());
    }

    /** The packages that a source names, imports and all: its own first. */
    private static List<String> names(Path source) {
        try {
            return Files.readAllLines(source).stream()
                    .map(line -> COMMENT.matcher(line).replaceAll(""))
                    .flatMap(line -> NAME.matcher(line).results())
                    .map(match -> match.group(1))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
