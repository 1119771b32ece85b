package dev.ramzswap.cli;

import dev.ramzswap.attach.Machine;
import dev.ramzswap.attach.Reattacher;
import dev.ramzswap.config.Cause;
import dev.ramzswap.config.Config;
import dev.ramzswap.config.ConfigException;
import dev.ramzswap.config.Host;
import dev.ramzswap.config.StateDir;
import dev.ramzswap.daemon.Daemon;
import dev.ramzswap.daemon.Signals;
import dev.ramzswap.daemon.StderrLogs;
import dev.ramzswap.guard.ProcessGuard;
import dev.ramzswap.nbd.io.Threads;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code ramzswap serve}. */
@Command(
        name = "serve",
        description = "Serve one or more compressed swap devices, until SIGTERM or Ctrl-C.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        modelTransformer = ServeOptions.OfServe.class,
        abbreviateSynopsis = true,
        footer = {
            "",
            "SIZE is a number of bytes or has a unit: 512M, 1.5G, 4Gi. It is a multiple of 4096. Or it is a part of the"
                    + " machine's memory: 50%%, ram, ram/2, min(ram/2, 8G).",
            "Examples:",
            "  ramzswap serve --size 1G --socket /run/ramzswap/swap0.sock",
            "  ramzswap serve --size 8G --limit 1G \\",
            "      --backing-file /var/lib/ramzswap/swap0",
            "  ramzswap serve --export name=a,size=1G \\",
            "      --export name=b,size=4G,codec=zstd:3",
        })
final class ServeCommand implements Callable<Integer> {
    private static final System.Logger LOG = System.getLogger(ServeCommand.class.getName());

    /** How long the end of the process waits for who reads what it printed when it was ready. */
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    @Spec
    private CommandSpec spec;

    /** Null until it serves. */
    private Daemon daemon;

    /** Whether there was a SIGHUP before that. */
    private boolean isReloadDue;

    private final Host host;

    ServeCommand(Host host) {
        this.host = host;
    }

    @Override
    public Integer call() throws IOException, ConfigException, InterruptedException {
        Thread.setDefaultUncaughtExceptionHandler(StderrLogs::uncaught);
        var options = new ServeOptions(spec);
        var readings = new Readings(options);
        try {
            Map<Path, Long> timesConfigured = StateDir.timesConfigured(readings.read());
            // Read once more: whether the daemon that serves has read the file since, nobody knows of what was read
            // first.
            return serve(Config.of(readings.read(), host, timesConfigured), options);
        } catch (ConfigException | IOException e) {
            if (readings.mayHavePages()) {
                throw worthATry(e);
            }
            throw e;
        }
    }

    /**
     * Whatever is wrong may be put right before the pages are lost that need a daemon: who starts it again must not
     * give that up, as the units do at status 2 ({@code RestartPreventExitStatus=2}).
     */
    private static IOException worthATry(Exception wrong) {
        return new IOException(wrong instanceof IOException failed ? Cause.of(failed) : wrong.getMessage());
    }

    private int serve(Config asked, ServeOptions options) throws IOException, ConfigException, InterruptedException {
        StateDir.check(asked);
        StderrLogs.setLevel(asked.logLevel());
        ProcessGuard.mark(asked.protection(), StderrLogs::flush);
        Signals.onHangUp(options.hasFile() ? this::reload : ServeCommand::ignoreHangUp);
        Daemon started;
        try {
            started = Daemon.start(asked, host, new Reattacher(Machine.of(host)), Signals::onTermination);
        } catch (InterruptedIOException e) {
            LOG.log(Level.INFO, e.getMessage());
            return 0;
        }
        serves(started);
        Optional<Thread> printing = start("next-steps", () -> print(NextSteps.of(started.served())));
        started.run();
        if (printing.isPresent()) {
            printing.get().join(PATIENCE);
        }
        return 0;
    }

    /** What a daemon can do without that may have taken pages over, if there is a thread for it. */
    private static Optional<Thread> start(String name, Runnable task) {
        try {
            return Optional.of(Threads.start(name, task));
        } catch (OutOfMemoryError e) {
            LOG.log(Level.WARNING, name + " is left out: " + e.getMessage());
            return Optional.empty();
        }
    }

    /** May wait for who reads it, without end. */
    private void print(String text) {
        var out = spec.commandLine().getOut();
        out.print(text);
        out.flush();
    }

    private static void ignoreHangUp() {
        LOG.log(Level.INFO, "SIGHUP changes nothing without --config: ramzswap set changes limit and codec");
    }

    private synchronized void reload() {
        if (daemon == null) {
            isReloadDue = true;
            LOG.log(
                    Level.INFO,
                    "SIGHUP: nothing is served here yet: what is new in the file then holds as soon as it is");
        } else {
            reload(daemon::reload);
        }
    }

    /** The file may be slow to read where memory is short. */
    private synchronized void serves(Daemon started) {
        daemon = started;
        if (isReloadDue) {
            start("reload", () -> reload(started::catchUp));
        }
    }

    private interface Reload {
        void by(Config fresh) throws ConfigException;
    }

    /** Flags go before the file, as they did at the start. One at a time: what was read last is what holds. */
    private synchronized void reload(Reload reload) {
        try {
            reload.by(Config.of(new ServeOptions(spec).settings(Map.of()), host));
        } catch (ConfigException | IllegalArgumentException e) {
            LOG.log(Level.ERROR, "SIGHUP: " + e.getMessage());
        }
    }
}
