package dev.ramzswap.runtime;

import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** One command's page of the manual, from its own definition and from the tables of docs/operation.md. */
final class ManualPage {
    private final CommandSpec command;
    private final Tables tables;
    private final Roff page;

    private ManualPage(CommandSpec command, Tables tables) {
        this.command = command;
        this.tables = tables;
        this.page = new Roff(command.qualifiedName("-"), 1);
    }

    static void write(CommandSpec command, Tables tables, Path manual) throws IOException {
        ManualPage one = new ManualPage(command, tables);
        one.compose();
        one.page.write(manual);
    }

    /** All but {@code help}, which shows what these say. */
    static boolean hasPage(CommandSpec command) {
        return !command.name().equals("help");
    }

    private void compose() {
        String[] description = command.usageMessage().description();
        page.section("Name");
        page.line(command.qualifiedName("-") + " - " + firstSentence(plain(description[0])));
        page.section("Synopsis");
        page.line(synopsis());
        page.section("Description");
        for (String paragraph : description) {
            page.line(plain(paragraph));
        }
        options();
        commands();
        switch (command.name()) {
            case "serve" -> table("Signals", "Signals", "signal");
            case "status" -> {
                table("Members of JSON", "status", "member");
                table("Counters", "status", "counter");
            }
            default -> {} // nothing of its own
        }
        table("Exit status", "Exit status", "status");
        table("Environment", "Environment", "variable");
        table("Files", "Files", "file");
        footer();
        page.section("See also");
        page.line("ramzswap(1), ramzswap.conf(5)");
    }

    private void options() {
        page.section("Options");
        for (PositionalParamSpec parameter : command.positionalParameters()) {
            page.entry(parameter.paramLabel(), plain(parameter.description()));
        }
        for (OptionSpec option : command.options()) {
            String names = String.join(", ", option.names());
            String term = option.arity().max() == 0 ? names : names + " " + option.paramLabel();
            page.entry(term, plain(option.description()));
        }
    }

    private String synopsis() {
        var help = new CommandLine.Help(command, CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF));
        return help.synopsis(0).replaceAll("\\s+", " ").strip();
    }

    private void commands() {
        if (command.subcommands().isEmpty()) {
            return;
        }
        page.section("Commands");
        for (CommandLine subcommand : command.subcommands().values()) {
            CommandSpec spec = subcommand.getCommandSpec();
            page.entry(spec.name(), plain(spec.usageMessage().description()));
            if (hasPage(spec)) {
                page.line("See " + spec.qualifiedName("-") + "(1).");
            }
        }
    }

    private void table(String title, String heading, String column) {
        page.section(title);
        for (Tables.Row row : tables.rows(heading, column)) {
            page.entry(row.term(), row.text());
        }
    }

    private void footer() {
        String[] footer = command.usageMessage().footer();
        if (footer.length > 0) {
            page.section("Notes");
            for (String line : plain(footer)) {
                if (line.startsWith(" ")) {
                    page.verbatim(line);
                } else if (!line.isEmpty()) {
                    page.paragraph(line);
                }
            }
        }
    }

    /** A sentence without its full stop. */
    private static String firstSentence(String words) {
        return words.replaceFirst("\\.( .*)?$", "");
    }

    private static String[] plain(String[] paragraphs) {
        String[] plain = paragraphs.clone();
        for (int i = 0; i < plain.length; i++) {
            plain[i] = plain(plain[i]);
        }
        return plain;
    }

    /** Without the escapes of String.format, which picocli takes away from some texts, not from all. */
    static String plain(String words) {
        return words.replace("%%", "%").replace("%n", " ");
    }
}
