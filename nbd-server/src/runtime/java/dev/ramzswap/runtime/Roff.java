package dev.ramzswap.runtime;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/** A page of the manual in the man(7) language, compressed as Debian wants it. */
final class Roff {
    // RFC 1952: the byte that says how hard the compressor tried, which Java leaves at 0 and Debian's checks look at.
    private static final int EXTRA_FLAGS = 8;
    private static final byte SLOWEST = 2;

    private final String name;
    private final int number;
    private final StringBuilder text = new StringBuilder();

    /** @param number of the manual's section: 1 commands, 5 files */
    Roff(String name, int number) {
        this.name = name;
        this.number = number;
        text.append(".TH ").append(name.toUpperCase(Locale.ROOT)).append(' ').append(number);
        text.append(" \"\" ramzswap\n.ad l\n.nh\n");
    }

    void section(String title) {
        text.append(".SH ").append(title.toUpperCase(Locale.ROOT)).append('\n');
    }

    void line(String words) {
        text.append(escaped(words)).append('\n');
    }

    void paragraph(String words) {
        text.append(".PP\n");
        line(words);
    }

    void entry(String term, String... description) {
        text.append(".TP\n.B ").append(escaped(term)).append('\n');
        for (String paragraph : description) {
            line(paragraph);
        }
    }

    /** Lines as they stand: examples, and tables of columns. */
    void verbatim(String... lines) {
        text.append(".nf\n");
        for (String one : lines) {
            line(one);
        }
        text.append(".fi\n");
    }

    /** Writes it as {@code manN/NAME.N.gz}. */
    void write(Path manual) throws IOException {
        Path directory = Files.createDirectories(manual.resolve("man" + number));
        Files.write(directory.resolve(name + "." + number + ".gz"), gzip(text.toString()));
    }

    /** Text that man(7) takes as it is: a line does not begin with a request, a hyphen can be copied, a list broken. */
    private static String escaped(String words) {
        String escaped = words.replace("\\", "\\e").replace("-", "\\-").replaceAll(",(?=\\S)", ",\\\\:");
        return escaped.startsWith(".") || escaped.startsWith("'") ? "\\&" + escaped : escaped;
    }

    private static byte[] gzip(String text) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (OutputStream out = new BestGzip(bytes)) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
        byte[] gzipped = bytes.toByteArray();
        gzipped[EXTRA_FLAGS] = SLOWEST;
        return gzipped;
    }

    private static final class BestGzip extends GZIPOutputStream {
        BestGzip(OutputStream out) throws IOException {
            super(out);
            def.setLevel(Deflater.BEST_COMPRESSION);
        }
    }
}
