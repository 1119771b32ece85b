package dev.ramzswap.runtime;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The tables of docs/operation.md, which the manual's pages repeat. */
final class Tables {
    /** What stands in the first column, and what in the last. */
    record Row(String term, String text) {}

    private final List<String> lines;

    private Tables(List<String> lines) {
        this.lines = lines;
    }

    static Tables read(Path markdown) throws IOException {
        return new Tables(Files.readAllLines(markdown));
    }

    /**
     * The rows of a table.
     *
     * @param heading what it stands below
     * @param column what its first column is called
     */
    List<Row> rows(String heading, String column) {
        var rows = new ArrayList<Row>();
        boolean isBelow = false;
        boolean isIn = false;
        for (String line : lines) {
            if (line.startsWith("#")) {
                isBelow = line.replaceFirst("^#+ ", "").equals(heading);
            }
            if (isIn && line.startsWith("|") && !line.startsWith("| ---")) {
                rows.add(row(line));
            }
            isIn = line.startsWith("|") && (isIn || isBelow && line.startsWith("| " + column + " |"));
        }
        if (rows.isEmpty()) {
            throw new IllegalStateException("no table '" + column + "' below '" + heading + "'");
        }
        return rows;
    }

    private static Row row(String line) {
        String[] cells = line.substring(1, line.lastIndexOf('|')).split(" \\| ");
        return new Row(plain(cells[0]), plain(cells[cells.length - 1]));
    }

    /** Without the marks of Markdown. */
    private static String plain(String cell) {
        return cell.replaceAll("\\[([^]]*)]\\([^)]*\\)", "$1").replace("`", "").strip();
    }
}
