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
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Manual pages and completion, as the build has made them. */
class DocumentsIT {
    private static final Path SHARE = Launcher.PATH.resolveSibling("nbd-server/target/runtime/share");

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

    /** Those shells need not be here: what they are told must at least be there. */
    @Test
    void zshAndFishCompleteNamesAndValues() throws Exception {
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
        return Files.readString(SHARE.resolve("zsh/vendor-completions/_ramzswap"));
    }

    private static String fish() throws IOException {
        return Files.readString(SHARE.resolve("fish/vendor_completions.d/ramzswap.fish"));
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
