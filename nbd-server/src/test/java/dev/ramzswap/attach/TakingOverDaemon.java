package dev.ramzswap.attach;

import dev.ramzswap.config.Config;
import dev.ramzswap.config.Host;
import dev.ramzswap.config.RuntimePath;
import dev.ramzswap.config.Settings;
import dev.ramzswap.daemon.Daemon;
import dev.ramzswap.linux.KernelEnd;
import dev.ramzswap.linux.ProcessId;
import dev.ramzswap.nbd.TestServer;
import dev.ramzswap.store.PageStore;
import java.io.IOException;
import java.lang.Thread.State;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.FutureTask;

/**
 * In a JVM of its own, a daemon with {@code --swap} that stands by for another one, whose device has some connections,
 * and takes over from it. It says what it had to ask of the machine for that.
 */
final class TakingOverDaemon {
    private static final int SIZE = 16 << 20;

    private TakingOverDaemon() {}

    /** Its directory, and how many connections. */
    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[0]);
        int connections = Integer.parseInt(args[1]);
        FakeMachine fake = new FakeMachine(directory);
        fake.dead.set(connections);
        Host host = host(directory);
        Config config = config(directory, host);
        PageStore other = PageStore.open(config.exports().getFirst().store(config));
        fake.left(0, new Backend("a", other.counters().identity(), connections, new ProcessId(1, 0)), SIZE);
        var taken = new FutureTask<>(() -> Daemon.start(config, host, new Reattacher(fake.machine()), _ -> {}));
        Thread.ofPlatform().start(taken);
        TestServer.await(TakingOverDaemon::isPrepared);
        long prepared = directBytes();
        other.close();
        Daemon daemon = taken.get();
        TestServer.await(() -> fake.taken.size() == connections && writers() == 2L * connections);
        System.out.println("asked for " + (directBytes() - prepared) + " bytes");
        fake.taken.forEach(KernelEnd::detach);
        fake.remove("/sys/block/nbd0/backend");
        daemon.close();
    }

    private static Host host(Path directory) throws IOException {
        String run = directory.resolve("run").toString();
        return new Host(16L << 30, Host.current().uid(), Map.of(RuntimePath.VARIABLE, run));
    }

    private static Config config(Path directory, Host host) throws Exception {
        var settings = new Settings();
        settings.flag("swap", "yes");
        settings.flag("unsafe", "yes");
        settings.flag("standby", "yes");
        settings.flag("state-dir", directory.resolve("state").toString());
        settings.export("name=a,size=16M");
        return Config.of(settings, host);
    }

    /** Who prepares has looked, and sleeps until the next look. */
    private static boolean isPrepared() {
        return Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread ->
                        thread.getName().equals("coming-connections") && thread.getState() == State.TIMED_WAITING);
    }

    /** Threads of slow lanes, which begin with a connection, and have buffers of their own. */
    private static long writers() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().matches("nbd-\\d+-write-\\d"))
                .count();
    }

    private static long directBytes() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }
}
