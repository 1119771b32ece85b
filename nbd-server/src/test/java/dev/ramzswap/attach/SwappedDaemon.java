package dev.ramzswap.attach;

import dev.ramzswap.config.Config;
import dev.ramzswap.config.Host;
import dev.ramzswap.config.Settings;
import dev.ramzswap.daemon.Daemon;
import dev.ramzswap.daemon.Signals;
import dev.ramzswap.linux.KernelEnd;
import dev.ramzswap.linux.ProcessId;
import dev.ramzswap.linux.SleepingThread;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/**
 * A daemon with {@code --swap} and two exports, a and b, in a JVM of its own, and a kernel that is not there: it takes
 * any connection that it is offered. What this kernel does, it is told on stdin.
 */
final class SwappedDaemon {
    private static final int SIZE = 16 << 20;

    private final FakeMachine fake;
    private final Daemon daemon;

    private SwappedDaemon(Path directory) throws Exception {
        fake = new FakeMachine(directory);
        fake.dead.set(Integer.MAX_VALUE);
        var settings = new Settings();
        settings.flag("swap", "yes");
        settings.flag("unsafe", "yes");
        settings.flag("state-dir", directory.resolve("state").toString());
        settings.export("name=a,size=16M");
        settings.export("name=b,size=16M");
        String run = directory.resolve("run").toString();
        Host host = new Host(16L << 30, Host.current().uid(), Map.of("RAMZSWAP_RUNTIME_DIR", run));
        daemon = Daemon.start(Config.of(settings, host), host, new Reattacher(fake.machine()), Signals::onTermination);
    }

    public static void main(String[] args) throws Exception {
        SwappedDaemon swapped = new SwappedDaemon(Path.of(args[0]));
        System.out.println("ready");
        Thread.ofPlatform().daemon().start(swapped::listen);
        swapped.daemon.run();
    }

    private void listen() {
        try (var commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String command = commands.readLine(); command != null; command = commands.readLine()) {
                obey(command.split(" "));
            }
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /**
     * {@code attached EXPORT PID}: that process has attached nbd0, by one connection. {@code detach}: it is detached,
     * which is {@code goodbye} by its connections, and {@code forget} by the kernel. {@code sleep FIFO}: a thread waits
     * as for a disk.
     */
    private void obey(String... words) throws IOException, InterruptedException {
        if (words[0].equals("sleep")) {
            SleepingThread.start(Path.of(words[1]));
        } else if (words[0].equals("attached")) {
            long identity = daemon.identities().get(words[1]);
            fake.left(0, new Backend(words[1], identity, 1, ProcessId.of(Integer.parseInt(words[2]))), SIZE);
        } else if (words[0].equals("goodbye")) {
            fake.taken.forEach(KernelEnd::detach);
        } else if (words[0].equals("forget")) {
            fake.remove("/sys/block/nbd0/backend");
        } else {
            fake.taken.forEach(KernelEnd::detach);
            fake.remove("/sys/block/nbd0/backend");
        }
        System.out.println("done " + words[0]);
    }
}
