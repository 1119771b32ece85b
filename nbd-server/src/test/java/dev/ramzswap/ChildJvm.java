package dev.ramzswap;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A program of the tests in a small JVM of its own, with this one's class path. */
public final class ChildJvm {
    private ChildJvm() {}

    /** Its errors go where its output goes. */
    public static ProcessBuilder of(Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:TieredStopAtLevel=1",
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true);
    }
}
