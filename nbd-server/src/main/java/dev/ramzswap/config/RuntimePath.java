package dev.ramzswap.config;

import java.nio.file.Path;

/** Where the daemons of a user leave word of what they serve, and their sockets if nobody says where. */
public final class RuntimePath {
    /** Overrides where that is. */
    public static final String VARIABLE = "RAMZSWAP_RUNTIME_DIR";

    public static final Path ROOTS = Path.of("/run/ramzswap");

    private RuntimePath() {}

    /** This user's. */
    public static Path own(Host host) {
        String forced = host.variables().get(VARIABLE);
        String session = host.variables().get("XDG_RUNTIME_DIR");
        if (forced != null) {
            return Path.of(forced).toAbsolutePath();
        }
        if (host.isRoot()) {
            return ROOTS;
        }
        if (session != null) {
            return Path.of(session, "ramzswap");
        }
        return Path.of(host.variables().getOrDefault("TMPDIR", "/tmp"), "ramzswap-" + host.uid());
    }
}
