package dev.ramzswap.attach;

import dev.ramzswap.config.Host;
import dev.ramzswap.status.ProgressLine;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command line in a JVM of its own, with the classes of the tests. */
final class TestDaemon {
    static final ProgressLine QUIET = new ProgressLine(new PrintWriter(Writer.nullWriter()), false);

    private TestDaemon() {}

    static BackgroundDaemon of(Host host, String export, String... options) {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow"));
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-Xmx64m"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "dev.ramzswap.cli.Main"));
        command.addAll(List.of("serve", "--name", export));
        command.addAll(List.of(options));
        return new BackgroundDaemon(host, command, export, new Launcher.OwnSession(host), QUIET);
    }
}
