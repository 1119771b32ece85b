package dev.ramzswap.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.config.Key;
import dev.ramzswap.store.Counters.Counter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Manual pages and completion, as the build has made them. */
class DocumentsIT {
    private static final Path SHARE = Launcher.PATH.resolveSibling("nbd-server/target/runtime/share");
    private static final Path ZSH = SHARE.resolve("zsh/vendor-completions/_ramzswap");
    private static final Path FISH = SHARE.resolve("fish/vendor_completions.d/ramzswap.fish");

    @TempDir
    private Path directory;

    private static String page(String name) throws IOException {
        try (var in =
                new GZIPInputStream(Files.newInputStream(SHARE.resolve("man").resolve(name)))) {
            return new String(in.readAllBytes()).replace("\\-", "-").replace("\\:", "");
        }
    }

    @Test
    void everyKeyIsInTheManualOfTheFileAndOfTheCommandAndInTheDocumentation() throws Exception {
        String file = page("man5/ramzswap.conf.5.gz");
        String command = page("man1/ramzswap-serve.1.gz");
        String operation = Files.readString(Launcher.PATH.resolveSibling("docs/operation.md"));
        for (Key key : Key.values()) {
            assertTrue(file.contains("\n.B " + key.key() + " = "), () -> key + " is not in " + file);
            assertTrue(command.contains("\n.B " + key.flag()), () -> key + " is not in " + command);
            assertTrue(operation.contains("`" + key.flag()), () -> key.flag() + " is not in operation.md");
        }
    }

    @Test
    void pagesHaveWhatAnAdministratorLooksFor() throws Exception {
        for (String title : "EXIT STATUS,ENVIRONMENT,FILES,SIGNALS".split(",")) {
            String page = page("man1/ramzswap-serve.1.gz");
            assertTrue(page.contains(".SH " + title + "\n"), page);
        }
        String status = page("man1/ramzswap-status.1.gz");
        for (var counter : Counter.values()) {
            assertTrue(status.contains(counter.label()), status);
        }
        for (String member : "slot_probe,slot_probe_reason,used_slots".split(",")) {
            assertTrue(status.contains("\n.B " + member + "\n"), status);
        }
    }

    /** Its launcher adds them to the help there. */
    @Test
    void whatOnlyACheckoutHasIsInNeitherHelpNorManual() throws Exception {
        String help = Tool.run(Launcher.PACKAGED, "--help").out();
        String manual = page("man1/ramzswap.1.gz");
        assertTrue(help.contains("\n  doctor ") && manual.contains("\n.B doctor\n"), help + manual);
        for (String command : "test,bench,fuzz,stress,soak".split(",")) {
            assertFalse(help.contains("\n  " + command + " "), help);
            assertFalse(manual.contains("\n.B " + command + "\n"), manual);
        }
    }

    @Test
    void aPageOfTheManualIsWholeAndFitsIntoATerminal() throws Exception {
        try (var pages = Files.list(SHARE.resolve("man/man1"))) {
            for (Path file : pages.toList()) {
                String page = page("man1/" + file.getFileName());
                assertFalse(page.matches("(?s).*[Ss]ee (above|below).*"), page);
                boolean isVerbatim = false;
                for (String line : page.lines().toList()) {
                    isVerbatim = line.equals(".nf") || isVerbatim && !line.equals(".fi");
                    assertTrue(!isVerbatim || line.length() <= 72, line);
                }
            }
        }
    }

    @Test
    void bashCompletesNamesAndValues() throws Exception {
        Files.createDirectories(directory.resolve("ramzswap"));
        Files.createFile(directory.resolve("ramzswap/mine.export"));
        assertTrue(completed("stop", "").contains("mine"));
        assertTrue(completed("set", "m").contains("mine"));
        assertEquals("lz4", completed("serve", "--codec", "l"));
        assertEquals("--tls-cert", completed("serve", "--tls-ce"));
        assertEquals("", completed("swapon", "--tls-ce"));
    }

    private String completed(String... words) throws Exception {
        String line = String.join("' '", words);
        String script = "compopt() { :; }; . '" + SHARE.resolve("bash-completion/completions/ramzswap")
                + "'; COMP_WORDS=(ramzswap '" + line + "'); COMP_CWORD=" + words.length
                + "; _complete_ramzswap; echo ${COMPREPLY[@]}";
        try (Tool bash = Tool.start(Map.of("XDG_RUNTIME_DIR", directory.toString()), "bash", "-c", script)) {
            return bash.await().expect(0).out().strip();
        }
    }

    /**
     * A shell at a terminal, where each line is typed, then a tab and Enter: it says what it was to run. It reads none
     * of the completions for other programs, which takes long.
     */
    @Test
    void zshCompletesWhatIsTyped() throws Exception {
        makeExport();
        Files.writeString(directory.resolve(".zshrc"), """
                PS1=
                fpath=(%s ${fpath:#*/Completion/[^B]*})
                autoload -U compinit
                compinit -u -D
                ramzswap() { print -r -- "<<$*>>" }
                """.formatted(ZSH.getParent()));
        String type = """
                zmodload zsh/zpty
                zpty shell zsh -d -i
                for line; do
                    zpty -w shell "ramzswap $line"$'\\t'
                    zpty -r shell said '*<<*>>*'
                    print -r -- ${${said##*<<}%%>>*}
                done
                """;
        assertEquals(
                List.of("status", "stop of-this-test", "serve --codec=zstd:3", "serve --tls-cert", "swapon --tls-ce"),
                typed(
                        List.of("zsh", "-f", "-c", type, "zsh"),
                        "stat",
                        "stop of-",
                        "serve --codec=zstd:",
                        "serve --tls-ce",
                        "swapon --tls-ce"));
    }

    @Test
    void fishCompletesWhatIsTyped() throws Exception {
        makeExport();
        String type = "source " + FISH + "; for line in $argv; complete -C \"ramzswap $line\" | cut -f1; end";
        assertEquals(
                List.of("status", "of-this-test", "zstd:3", "--tls-cert", directory + "/ramzswap/"),
                typed(
                        List.of("fish", "--no-config", "-c", type),
                        "stat",
                        "stop of-",
                        "serve --codec zstd:",
                        "serve --tls-ce",
                        "swapon --tls-ce",
                        "serve --backing-file " + directory + "/ramzs"));
    }

    private void makeExport() throws IOException {
        Files.createDirectories(directory.resolve("ramzswap"));
        Files.createFile(directory.resolve("ramzswap/of-this-test.export"));
    }

    private List<String> typed(List<String> shell, String... lines) throws Exception {
        String own = directory.toString();
        var variables = Map.of("XDG_RUNTIME_DIR", own, "HOME", own, "ZDOTDIR", own, "TERM", "dumb");
        Object[] command = Stream.concat(shell.stream(), Stream.of(lines)).toArray();
        try (Tool tool = Tool.start(variables, command)) {
            Tool.Result result = tool.await().expect(0);
            assertEquals("", result.err());
            return result.out().lines().toList();
        }
    }

    @Test
    void zshAndFishAreToldOfNamesAndValuesWhereverTheyAre() throws Exception {
        String zsh = zsh();
        for (String command : "status,set,stop,swapoff,swapon".split(",")) {
            String words = zsh.substring(zsh.indexOf("    " + command + ") _arguments"));
            words = words.substring(0, words.indexOf(" ;;\n"));
            assertTrue(words.contains("':NAME:_ramzswap_names'"), words);
        }
        assertTrue(zsh.contains("names=(/run/ramzswap/*.export(N:t:r) "), zsh);
        assertTrue(zsh.contains(":CODEC:(lz4 zstd zstd\\:3)'"), zsh);
        assertTrue(zsh.contains(":PATH:_files'"), zsh);
        String fish = fish();
        for (String command : "status,set,stop,swapoff,swapon".split(",")) {
            String names = " '__fish_seen_subcommand_from " + command + "' -a '(__ramzswap_names)'\n";
            assertTrue(fish.contains(names), names);
        }
        assertTrue(fish.contains("for file in /run/ramzswap/*.export "), fish);
        assertTrue(fish.contains(" -l codec -x -a 'lz4 zstd zstd:3' "), fish);
        assertTrue(fish.contains(" -l backing-file -r -F "), fish);
    }

    private static String zsh() throws IOException {
        return Files.readString(ZSH);
    }

    private static String fish() throws IOException {
        return Files.readString(FISH);
    }

    @Test
    void zshAndFishHaveEveryFlag() throws Exception {
        String zsh = zsh();
        String fish = fish();
        Arrays.stream(Key.values()).map(Key::flag).forEach(flag -> {
            assertTrue(zsh.contains("'" + flag + "[") || zsh.contains("'" + flag + "=["), flag);
            assertTrue(fish.contains(" -l " + flag.substring(2) + " "), flag);
        });
    }
}
