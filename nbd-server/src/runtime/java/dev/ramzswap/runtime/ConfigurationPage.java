package dev.ramzswap.runtime;

import dev.ramzswap.config.Key;
import dev.ramzswap.config.Key.Scope;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;

/** ramzswap.conf(5), from the keys that there are. */
final class ConfigurationPage {
    private ConfigurationPage() {}

    static void write(Path manual) throws IOException {
        Roff page = new Roff("ramzswap.conf", 5);
        page.section("Name");
        page.line("ramzswap.conf - what a ramzswap daemon serves, and where");
        page.section("Description");
        page.line("The file that ramzswap serve --config and ramzswap swapon --config read; the package's units read"
                + " /etc/ramzswap/NAME.conf for the daemon NAME.");
        page.line("It has lines of KEY = VALUE. Spaces around both do not matter. A comment begins with #, at the start"
                + " of a line or behind a space. Keys before the first section are the daemon's; each section [export"
                + " NAME] describes an export. For a single one no section is needed.");
        page.line("On SIGHUP, a daemon reads it again, and takes limit and codec from it.");
        keys(page, "Keys of the daemon", EnumSet.of(Scope.DAEMON));
        keys(page, "Keys of an export", EnumSet.of(Scope.EXPORT, Scope.RUNNING));
        page.section("Sizes");
        page.entry("BYTES", "A multiple of 4096.");
        page.entry("NUMBER UNIT", "Binary, without a space between: 512M, 1.5G, 4GiB, 4Gi; K, M, G or T.");
        page.entry("PERCENT, ram, ram / NUMBER", "A part of the machine's memory: 50%, ram / 2.");
        page.entry("min(SIZE, SIZE)", "The smaller one: min(ram / 2, 8G).");
        page.line("A size that is a part of the memory is reckoned when a first daemon starts; whoever takes its state"
                + " over takes its size over.");
        page.section("Example");
        page.verbatim(
                "socket = /run/ramzswap/swap.sock",
                "",
                "[export fast]",
                "size = ram / 2",
                "limit = 512M          # and no more",
                "backing-file = /var/lib/ramzswap/fast",
                "",
                "[export dense]",
                "size = min(50%, 8G)",
                "codec = zstd:3");
        page.section("See also");
        page.line("ramzswap-serve(1), ramzswap-swapon(1)");
        page.write(manual);
    }

    private static void keys(Roff page, String title, Set<Scope> scopes) {
        page.section(title);
        for (Key key : Key.values()) {
            if (scopes.contains(key.scope())) {
                switch (key.kind()) {
                    case YES -> page.entry(key.key() + " = yes", key.help() + " Default: no.");
                    case NO -> page.entry(key.key() + " = no", key.help() + " Default: yes.");
                    default -> page.entry(key.key() + " = " + key.kind().label(), key.help());
                }
            }
        }
    }
}
