package dev.ramzswap.attach;

import java.util.List;
import java.util.stream.Stream;

/** Whether the service that is a daemon begins anew, with the pages of the one before. */
public enum Successor {
    /** They end with it. */
    NONE(),

    /**
     * If the JVM ends it: by 3 for want of memory (ExitOnOutOfMemoryError), by 1 when it fails itself, as does a daemon
     * that could not take its pages over, and by a signal where not even its handler is left, or a library aborts. By
     * whatever else it ends, somebody wanted it.
     *
     * <p>However often: what keeps one from its pages may pass, as want of memory does. By default, systemd gives up
     * after 5 starts in 10 s.
     */
    OF_DEAD("RestartForceExitStatus=1 3 SIGABRT SIGSEGV SIGBUS", "RestartSec=1s", "StartLimitIntervalSec=0"),

    /**
     * Also if it hangs: it is ended then, before the kernel gives its requests up after 60 s. Nobody stands by, so a
     * new one must have begun by then: sooner than the package's.
     */
    OF_HUNG(OF_DEAD, "WatchdogSec=30s", "WatchdogSignal=SIGKILL", "Restart=on-watchdog");

    private final List<String> properties;

    Successor(String... properties) {
        this.properties = List.of(properties);
    }

    Successor(Successor lesser, String... properties) {
        this.properties =
                Stream.concat(lesser.properties.stream(), Stream.of(properties)).toList();
    }

    /** Of the service, see systemd.service(5). */
    List<String> properties() {
        return properties;
    }
}
