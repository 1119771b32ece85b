package dev.ramzswap.config;

import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** Where the daemons of a user leave word of what they serve, and their sockets if nobody says where. */
public final class RuntimePath {
    /** Overrides where that is. */
    public static final String VARIABLE = "RAMZSWAP_RUNTIME_DIR";

    public static final Path ROOTS = Path.of("/run/ramzswap");

    private RuntimePath() {}

    /** This user's. */
    public static Path own(Host host) {
        if (isForced(host)) {
            return Path.of(host.variables().get(VARIABLE)).toAbsolutePath();
        }
        if (host.isRoot()) {
            return ROOTS;
        }
        return directory(host, "XDG_RUNTIME_DIR")
                .map(session -> session.resolve("ramzswap"))
                .orElseGet(
                        () -> directory(host, "TMPDIR").orElse(Path.of("/tmp")).resolve("ramzswap-" + host.uid()));
    }

    /** The variable that says where that is, if one does. */
    public static Optional<String> variable(Host host) {
        if (isForced(host)) {
            return Optional.of(VARIABLE);
        }
        return Stream.of("XDG_RUNTIME_DIR", "TMPDIR")
                .filter(name -> !host.isRoot() && directory(host, name).isPresent())
                .findFirst();
    }

    /** Whether {@link #VARIABLE} says where; one that is empty says nothing. */
    public static boolean isForced(Host host) {
        return !host.variables().getOrDefault(VARIABLE, "").isEmpty();
    }

    /** One that is empty or relative counts as unset, as the XDG Base Directory Specification has it. */
    private static Optional<Path> directory(Host host, String variable) {
        return Optional.of(host.variables().getOrDefault(variable, ""))
                .map(Path::of)
                .filter(Path::isAbsolute);
    }
}
