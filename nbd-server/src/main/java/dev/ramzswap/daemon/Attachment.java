package dev.ramzswap.daemon;

import dev.ramzswap.daemon.Attachments.Device;
import dev.ramzswap.linux.PeerCredentials;
import dev.ramzswap.linux.ProcessId;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/**
 * Who is attached to an export, and the only judge of what follows from that: whether the daemon must go on, whether
 * the export's pages may go, how many connections the kernel lacks.
 *
 * <p>The kernel is the truth about its own devices, and is asked each time: one that names this export
 * ({@link Attachments#devices}) has pages here, whatever has become of its connections. Its connections are those of
 * the process that attached it, and those that this process has made in their place. When one of them says good-bye
 * (NBD_CMD_DISC), its device is about to be detached, and wants no more; it may name the export for as long as somebody
 * has it open (nbd_config_put in drivers/block/nbd.c).
 *
 * <p>Which device a connection is of that this process has made, nobody knows, and its end may be heard when its device
 * is gone and the next one is there. So many ends then count for nothing. If one of them was the next device's after
 * all, which lost a connection or was detached just then, its good-bye is not believed, or the last of the late ones is
 * believed of it. See docs/decisions/attachment.md.
 *
 * <p>All others are {@link OtherProcesses}. Thread-safe.
 */
public final class Attachment {
    private static final System.Logger LOG = System.getLogger(Attachment.class.getName());

    /** What the kernel takes to forget a device that nobody has open, and more. */
    private static final Duration FORGETTING = Duration.ofSeconds(2);

    private static final int LOOK_MILLIS = 20;

    private final String export;
    private final long identity;
    private final Attachments kernel;
    private final int ownPid;
    private final LongSupplier clock;

    /** Connections that this process has made: those that the kernel has taken, and {@link #offered}. */
    private int own;

    private int offered;

    /** Whose connections these may be: by who has attached the devices, until all of these are gone. */
    private final Set<ProcessId> ownDevices = new HashSet<>();

    /** How many of them are of devices that are gone, and are still to end. */
    private int stale;

    private final OtherProcesses others;

    /** Devices that have said good-bye, by who had attached them. */
    private final Set<ProcessId> leavingDevices = new HashSet<>();

    private long saidGoodbyeAt;

    private boolean isKernelSilent;

    /** What is made of departures, by who has devices attached: at once, or when the kernel speaks again. */
    private final List<Consumer<Set<ProcessId>>> unjudged = new ArrayList<>();

    /**
     * @param isTakenOver whether there are pages here that somebody may come back for
     * @param ownPid of this process
     * @param clock nanoseconds since whenever
     */
    Attachment(String export, long identity, boolean isTakenOver, Attachments kernel, long ownPid, LongSupplier clock) {
        this.export = export;
        this.identity = identity;
        this.kernel = kernel;
        this.ownPid = (int) ownPid;
        this.clock = clock;
        this.others = new OtherProcesses(isTakenOver, clock);
    }

    public String export() {
        return export;
    }

    /** See {@link dev.ramzswap.store.Counters.Snapshot}. */
    public long identity() {
        return identity;
    }

    /**
     * A client asks for the export of a daemon that was told to end: its own connections are the kernel's, a process
     * that is attached may replace a connection before anybody knows that it is lost, and while somebody is waited for,
     * whoever comes may be that. Nobody else. One that may have it has {@link #joined} then.
     *
     * @param peer null if it is not known
     */
    synchronized boolean admitsLate(PeerCredentials peer) {
        if (isOwn(peer) || peer != null && others.isKnown(peer.process())) {
            return true;
        }
        boolean isIn = others.isWaitedFor() || !unjudged.isEmpty();
        if (isIn) {
            others.letInLate(process(peer));
        }
        return isIn;
    }

    synchronized void joined(PeerCredentials peer) {
        if (isOwn(peer)) {
            own++;
        } else {
            others.joined(process(peer));
        }
    }

    /**
     * Whether the kernel names that process as who attached a device, or may, since it does not answer.
     *
     * @param peer null if it is not known: nobody's that the kernel names
     */
    boolean mayBeAttacher(PeerCredentials peer) {
        return peer != null
                && answer().map(devices -> attachers(devices).contains(peer.process()))
                        .orElse(true);
    }

    /** One that had joined is gone. */
    void left(PeerCredentials peer, boolean saidGoodbye) {
        Optional<List<Device>> known = answer();
        synchronized (this) {
            if (isOwn(peer)) {
                ownLeft(saidGoodbye);
            } else {
                otherLeft(process(peer), saidGoodbye);
            }
            known.ifPresent(devices -> judge(attachers(devices)));
        }
    }

    private void ownLeft(boolean saidGoodbye) {
        own--;
        notifyAll();
        if (stale > 0) {
            stale--;
        } else if (saidGoodbye) {
            unjudged.add(this::judgeOwnGoodbye);
        }
    }

    /**
     * Of two devices, nobody knows which, also if one of them is gone by now: the other must not be given up. One that
     * has come since has none of these connections yet.
     */
    private void judgeOwnGoodbye(Set<ProcessId> attachers) {
        if (attachers.size() == 1 && ownDevices.equals(attachers)) {
            deviceSaidGoodbye(attachers.iterator().next());
        }
    }

    private void otherLeft(ProcessId process, boolean saidGoodbye) {
        others.left(process);
        boolean isLast = !others.isConnected(process);
        boolean isLate = others.leftLate(process);
        if (unjudged.size() < OtherProcesses.MOST_REMEMBERED) {
            unjudged.add(attachers -> judgeOther(process, saidGoodbye, isLast, isLate, attachers));
        } else {
            others.processLeft(OtherProcesses.UNKNOWN, false, isLate);
        }
    }

    private void judgeOther(
            ProcessId process, boolean saidGoodbye, boolean isLast, boolean isLate, Set<ProcessId> attachers) {
        boolean wasDetached = isLast && others.endDetached(process);
        if (!attachers.isEmpty()) {
            if (saidGoodbye && attachers.contains(process)) {
                deviceSaidGoodbye(process);
            }
        } else if (isLast || process.equals(OtherProcesses.UNKNOWN)) {
            others.processLeft(process, wasDetached || saidGoodbye, isLate);
        }
    }

    private boolean isExpected() {
        return others.isAnyExpected() || !unjudged.isEmpty();
    }

    private void deviceSaidGoodbye(ProcessId attacher) {
        leavingDevices.add(attacher);
        others.detached(attacher);
        saidGoodbyeAt = clock.getAsLong();
    }

    /** Whether the daemon must go on for somebody's sake. */
    boolean isAttached() {
        List<Device> devices = devices();
        return isNeeded(devices) || isForgetting(devices);
    }

    /** Whether somebody needs this daemon, or another in its place: nobody does whom the kernel is about to forget. */
    boolean isNeeded() {
        return isNeeded(devices());
    }

    private synchronized boolean isNeeded(List<Device> devices) {
        return others.isAnyConnected()
                || isKernelSilent
                || !unjudged.isEmpty()
                || devices.stream().anyMatch(this::isWaiting)
                || others.isWaitedFor();
    }

    private synchronized boolean isForgetting(List<Device> devices) {
        return !devices.isEmpty() && isWithin(FORGETTING, saidGoodbyeAt);
    }

    /** Whether nobody needs the pages any more, as far as anybody can tell. */
    private boolean isFree() {
        boolean isNamed = !devices().isEmpty();
        synchronized (this) {
            return !isNamed && !others.isAnyConnected() && !isExpected() && !isKernelSilent;
        }
    }

    /** As the kernel may take a moment to forget a device that it was told to detach, this waits that long. */
    boolean awaitFree() throws InterruptedException {
        long deadline = System.nanoTime() + FORGETTING.toNanos();
        while (!isFree()) {
            if (!isLettingGo() || System.nanoTime() - deadline > 0) {
                return false;
            }
            Thread.sleep(LOOK_MILLIS);
        }
        return true;
    }

    private boolean isLettingGo() {
        List<Device> devices = devices();
        synchronized (this) {
            return !others.isAnyConnected() && !isExpected() && devices.stream().noneMatch(this::isWaiting);
        }
    }

    /**
     * How many connections the kernel's devices lack; one that has said good-bye lacks none. For the thread that makes
     * them.
     */
    public int missing() throws IOException {
        List<Device> devices = ask();
        synchronized (this) {
            leaveToNext(attachers(devices));
            int missing = offered + stale - own;
            boolean isWaiting = false;
            for (Device device : devices) {
                if (isWaiting(device)) {
                    isWaiting = true;
                    missing += device.connections() - others.connections(device.attacher());
                }
            }
            return isWaiting ? Math.max(missing, 0) : 0;
        }
    }

    /** What is left of a device's connections when that is gone is not of the next one. */
    private void leaveToNext(Set<ProcessId> attachers) {
        if (!ownDevices.isEmpty() && Collections.disjoint(ownDevices, attachers)) {
            ownDevices.clear();
            stale = Math.max(own - offered, 0);
        }
    }

    private boolean isWaiting(Device device) {
        return isWaiting(device.attacher());
    }

    /** Whether a device has not said good-bye. @param attacher see {@link Device} */
    public synchronized boolean isWaiting(ProcessId attacher) {
        return !leavingDevices.contains(attacher);
    }

    /** This process is about to make a connection, to offer it to the kernel: one at a time. */
    public synchronized void offer() {
        offered++;
    }

    /** It may become one of the connections of the device that this process has attached. */
    public synchronized void offered(ProcessId attacher) {
        ownDevices.add(attacher);
    }

    /** The kernel has taken it, or it is gone. */
    public synchronized void offerEnds() {
        offered--;
    }

    /** How many connections that this process has made have not ended, as far as has been heard. */
    public synchronized int own() {
        return own;
    }

    /** Waits until there are no more than so many of them; only so long, since the kernel may have taken one. */
    public synchronized void awaitOwn(int most, Duration time) throws InterruptedException {
        long deadline = System.nanoTime() + time.toNanos();
        for (long left = time.toNanos(); own > most && left > 0; left = deadline - System.nanoTime()) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }

    /** Whether a connection is left that a process of that number has made, for itself or for the kernel. */
    synchronized boolean isConnected(int pid) {
        return others.isConnected(pid);
    }

    /** The processes that are connected, but for this one and those that attached a device that still names this. */
    SortedSet<Integer> visitors() {
        Set<ProcessId> attachers = attachers(devices());
        synchronized (this) {
            return others.connected()
                    .filter(process -> !attachers.contains(process))
                    .map(ProcessId::pid)
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    private List<Device> devices() {
        return answer().orElse(List.of());
    }

    /** Empty if the kernel cannot be asked. */
    private Optional<List<Device>> answer() {
        try {
            return Optional.of(ask());
        } catch (IOException | RuntimeException e) {
            if (!silent()) {
                LOG.log(Level.WARNING, export + " is kept: the kernel does not say whether it is attached: " + e);
            }
            return Optional.empty();
        }
    }

    private List<Device> ask() throws IOException {
        List<Device> devices = kernel.devices(export, identity);
        heard(devices);
        return devices;
    }

    private synchronized void heard(List<Device> devices) {
        isKernelSilent = false;
        Set<ProcessId> attachers = attachers(devices);
        judge(attachers);
        if (!devices.isEmpty()) {
            others.expectNobody();
        }
        leavingDevices.retainAll(attachers);
    }

    private void judge(Set<ProcessId> attachers) {
        unjudged.forEach(departure -> departure.accept(attachers));
        unjudged.clear();
    }

    private static Set<ProcessId> attachers(List<Device> devices) {
        return devices.stream().map(Device::attacher).collect(Collectors.toSet());
    }

    /** Whether it was before. */
    private synchronized boolean silent() {
        boolean before = isKernelSilent;
        isKernelSilent = true;
        return before;
    }

    private boolean isWithin(Duration time, long since) {
        return clock.getAsLong() - since < time.toNanos();
    }

    private boolean isOwn(PeerCredentials peer) {
        return peer != null && peer.process().pid() == ownPid;
    }

    private static ProcessId process(PeerCredentials peer) {
        return peer == null ? OtherProcesses.UNKNOWN : peer.process();
    }
}
