package dev.ramzswap.runtime;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** One command's page of the manual, in the man(7) language, compressed as Debian wants it. */
final class ManualPage {
    // RFC 1952: the byte that says how hard the compressor tried, which Java leaves at 0 and Debian's checks look at.
    private static final int EXTRA_FLAGS = 8;
    private static final byte SLOWEST = 2;

    private final CommandSpec command;
    private final String name;
    private final StringBuilder text = new StringBuilder();

    private ManualPage(CommandSpec command) {
        this.command = command;
        this.name = command.qualifiedName("-");
    }

    static void write(CommandSpec command, Path directory) throws IOException {
        ManualPage page = new ManualPage(command);
        page.compose();
        Files.write(directory.resolve(page.name + ".1.gz"), gzip(page.text.toString()));
    }

    private void compose() {
        String[] description = command.usageMessage().description();
        text.append(".TH ").append(name.toUpperCase()).append(" 1 \"\" ramzswap\n.ad l\n.nh\n");
        section("NAME");
        line(name + " - " + firstSentence(description[0]));
        section("SYNOPSIS");
        line(synopsis());
        section("DESCRIPTION");
        for (String paragraph : description) {
            line(paragraph);
        }
        section("OPTIONS");
        for (PositionalParamSpec parameter : command.positionalParameters()) {
            entry(parameter.paramLabel(), parameter.description());
        }
        for (OptionSpec option : command.options()) {
            String names = String.join(", ", option.names());
            entry(option.arity().max() == 0 ? names : names + " " + option.paramLabel(), option.description());
        }
        commands();
        footer();
    }

    private String synopsis() {
        var help = new CommandLine.Help(command, CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF));
        return help.synopsis(0).replaceAll("\\s+", " ").strip();
    }

    private void commands() {
        if (command.subcommands().isEmpty()) {
            return;
        }
        section("COMMANDS");
        for (CommandLine subcommand : command.subcommands().values()) {
            CommandSpec spec = subcommand.getCommandSpec();
            entry(spec.name(), spec.usageMessage().description());
            line("See " + spec.qualifiedName("-") + "(1).");
        }
    }

    /** As it stands: examples, and tables of columns. */
    private void footer() {
        String[] footer = command.usageMessage().footer();
        if (footer.length > 0) {
            section("NOTES");
            text.append(".nf\n");
            for (String paragraph : footer) {
                line(paragraph);
            }
            text.append(".fi\n");
        }
    }

    private void section(String title) {
        text.append(".SH ").append(title).append('\n');
    }

    private void entry(String term, String[] description) {
        text.append(".TP\n.B ").append(escaped(term)).append('\n');
        for (String paragraph : description) {
            line(paragraph);
        }
    }

    private void line(String words) {
        text.append(escaped(words)).append('\n');
    }

    /** A sentence without its full stop. */
    private static String firstSentence(String words) {
        return words.replaceFirst("\\.( .*)?$", "");
    }

    /** Text that man(7) takes as it is: a line does not begin with a request, a hyphen can be copied, a list broken. */
    private static String escaped(String words) {
        String plain = words.replace("%%", "%").replace("%n", " ");
        String escaped = plain.replace("\\", "\\e").replace("-", "\\-").replaceAll(",(?=\\S)", ",\\\\:");
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
