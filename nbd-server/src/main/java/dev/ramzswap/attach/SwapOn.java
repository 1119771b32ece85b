package dev.ramzswap.attach;

import dev.ramzswap.closing.Closing;
import dev.ramzswap.config.Size;
import dev.ramzswap.linux.Errno;
import dev.ramzswap.linux.ErrnoException;
import dev.ramzswap.linux.NativeFile;
import dev.ramzswap.status.ExportStatus;
import dev.ramzswap.status.LiveExport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Makes an export this machine's swap, step by step: nbd module, daemon (where it was asked for), device, record for
 * {@code swapoff}, swap header, kernel settings (where they were asked for), swapon. Says what it does, and what is not
 * as it should be. A step that fails, or is interrupted, takes back those before it.
 */
public final class SwapOn {
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final int LOOK_MILLIS = 20;
    /** The package's. */
    private static final String UNIT = "/usr/lib/systemd/system/ramzswap-swap@.service";

    /** sws_volume of the kernel's swap header. */
    private static final int LABEL_CHARS = 16;

    /** Starts a daemon. */
    public interface Starter {
        ExportStatus start() throws IOException, InterruptedException;

        Path log();
    }

    private final Machine machine;
    private final SwapRequest request;
    private final Attacher attacher;
    private final Conditions conditions;
    private final PrintWriter out;

    public SwapOn(Machine machine, SwapRequest request, PrintWriter out) {
        this.machine = machine;
        this.request = request;
        this.attacher = request.attacher(machine);
        this.conditions = new Conditions(machine, request, out);
        this.out = out;
    }

    /** @param starter starts the daemon; otherwise one must run already */
    public void run(Optional<Starter> starter) throws IOException, InterruptedException {
        machine.requireRoot("swapon");
        try (NativeFile _ = new SwapLock(machine, request.export()).take(PATIENCE);
                Undo undo = new Undo(out)) {
            boolean ownsDaemon = starter.isPresent() || isDaemonOwned();
            if (starter.isPresent() || !isOnAlready(undo)) {
                begin(starter, ownsDaemon, undo);
            }
            undo.forget();
        }
        if (starter.isPresent()) {
            sayHowToKeep();
        }
    }

    /** By a device that may be attached anew, which is no reason to keep the daemon after it. */
    private boolean isDaemonOwned() throws IOException {
        Optional<SwapRecord> record = SwapRecord.read(machine.host(), request.export());
        return record.isPresent()
                && record.get().ownsDaemon()
                && record.get().attached(machine.files()).isPresent();
    }

    private boolean isOnAlready(Undo undo) throws IOException, InterruptedException {
        var earlier = new EarlierSwap(machine, request, out);
        Optional<EarlierSwap.Place> place = earlier.find();
        if (place.isPresent()) {
            if (request.tune()) {
                tune(undo);
            }
            conditions.report(daemon(place.get().export()), place.get().area().priority());
            earlier.adapt(place.get());
        }
        return place.isPresent();
    }

    private void begin(Optional<Starter> starter, boolean ownsDaemon, Undo undo)
            throws IOException, InterruptedException {
        conditions.requireMeans(attacher.lack());
        conditions.requireSettings();
        refuseTwice();
        var use = new SoleUse(machine, request.export());
        use.requireNoDevice();
        loadModule(undo);
        candidates(); // before a daemon is started in vain
        ExportStatus export = starter.isPresent() ? start(starter.get(), undo) : running();
        requireUsable(export);
        use.requireNoClient(export);
        swapOn(export, ownsDaemon, undo);
    }

    private void swapOn(ExportStatus export, boolean ownsDaemon, Undo undo) throws IOException, InterruptedException {
        NbdDevice device = attach(export, ownsDaemon, undo);
        makeSwap(device);
        if (request.tune()) {
            tune(undo);
        }
        List<Finding> daemon = daemon(export);
        conditions.report(daemon, request.newPriority());
        conditions.requireGuarded(daemon);
        swapOn(device, undo);
        var slots = new DeadSlots(machine, request.export(), out);
        undo.add(slots::end, swapoff());
        if (request.probesSlots()) {
            slots.begin(export, device);
        } else {
            slots.leaveOut(device);
        }
    }

    private List<Finding> daemon(ExportStatus export) throws IOException, InterruptedException {
        var found = new ArrayList<Finding>(new DaemonChecks(machine.files())
                .of(export.name(), export.entry().pid()));
        new UnitCheck(machine).of(export).ifPresent(found::add);
        return found;
    }

    private void sayHowToKeep() {
        String means = machine.files().exists(UNIT)
                ? "describe it in /etc/ramzswap/" + request.export() + ".conf, and systemctl enable ramzswap-swap@"
                        + request.export()
                : "install the package (docs/operation.md, Package and units)";
        say("swaps until the machine shuts down; to have it at every boot, " + means);
    }

    private void refuseTwice() throws IOException {
        Optional<SwapRecord> record = SwapRecord.read(machine.host(), request.export());
        if (record.isPresent() && record.get().attached(machine.files()).isPresent()) {
            throw new IOException(request.export() + " is attached to "
                    + record.get().device() + " already: " + swapoff() + " first");
        }
    }

    private ExportStatus start(Starter starter, Undo undo) throws IOException, InterruptedException {
        Optional<ExportStatus> other = ExportStatus.find(machine.host(), request.export());
        if (other.isPresent()) {
            throw new IOException(request.export() + " is served already (pid "
                    + other.get().entry().pid() + "): leave the options of serve away to swap on that one");
        }
        ExportStatus export = starter.start();
        undo.add(() -> new LiveExport(export, out, false).stopAndWait(), "ramzswap stop " + export.name());
        say("started the daemon (pid " + export.entry().pid() + "), which logs to " + starter.log());
        return export;
    }

    private ExportStatus running() throws IOException {
        ExportStatus export = ExportStatus.find(machine.host(), request.export())
                .orElseThrow(() -> new IOException("no export '" + request.export()
                        + "' is served: to start one, say how large, as in ramzswap swapon " + request.export()
                        + " --size 4G" + whereItsUnitSaysWhy()));
        new UnitCheck(machine).requireOneOfUnitsIfItsStart(export);
        return export;
    }

    private String whereItsUnitSaysWhy() {
        return machine.files().exists(UNIT)
                ? "; why its unit serves none, if it should, says journalctl -u ramzswap@" + request.export()
                : "";
    }

    private static void requireUsable(ExportStatus export) throws IOException {
        if (export.entry().isDraining()) {
            throw new IOException(export.name() + " is draining: wait until its daemon has ended");
        }
        if (export.entry().socket().isEmpty()) {
            throw new IOException(export.name() + " has no Unix socket, and swap over TCP may freeze the machine:"
                    + " serve it with --socket");
        }
    }

    private void loadModule(Undo undo) throws IOException, InterruptedException {
        if (NbdDevice.all(machine.files()).isEmpty()) {
            machine.tools().must("modprobe", "nbd");
            undo.add(() -> machine.tools().must("modprobe", "-r", "nbd"), "modprobe -r nbd");
            say("loaded nbd, the kernel's client");
        }
    }

    /** Until it is detached again, the record stays, so that {@code swapoff} can repeat what fails. */
    private NbdDevice attach(ExportStatus export, boolean ownsDaemon, Undo undo)
            throws IOException, InterruptedException {
        NbdDevice device = attachToOne(export, ownsDaemon, undo);
        willDetach(device, undo);
        awaitSize(device, export.size());
        leaveRecord(device, ownsDaemon);
        say("attached to " + device.path() + ", connections: " + request.newConnections());
        return device;
    }

    /**
     * The kernel refuses a device (EBUSY) that somebody has open, as udev does when it has just appeared: the next one
     * will do, or the same one a little later.
     */
    private NbdDevice attachToOne(ExportStatus export, boolean ownsDaemon, Undo undo)
            throws IOException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            Optional<ErrnoException> busy = Optional.empty();
            for (NbdDevice device : candidates()) {
                busy = attach(export, device, ownsDaemon, undo);
                if (busy.isEmpty()) {
                    return device;
                }
            }
            if (System.nanoTime() > deadline) {
                throw new IOException(
                        busy.orElseThrow().getMessage() + ": close what has it open (fuser -v /dev/nbd*)", busy.get());
            }
            Thread.sleep(LOOK_MILLIS);
        }
    }

    /** @return why not, if somebody has it open */
    private Optional<ErrnoException> attach(ExportStatus export, NbdDevice device, boolean ownsDaemon, Undo undo)
            throws IOException, InterruptedException {
        try {
            attacher.attach(export, device);
            return Optional.empty();
        } catch (IOException e) {
            if (e instanceof ErrnoException busy && busy.errno() == Errno.EBUSY) {
                return Optional.of(busy);
            }
            if (mayBeAttached(device, export, e)) {
                willDetach(device, undo);
                Closing.after(e, () -> leaveRecord(device, ownsDaemon));
            }
            throw e;
        }
    }

    /**
     * In spite of an error: the kernel had no memory for its answer. It may have none to say what it has attached
     * either: then to detach it may fail as well, and it is for the user to repeat that.
     */
    private static boolean mayBeAttached(NbdDevice device, ExportStatus export, IOException failure) {
        try {
            return isAttached(device, export);
        } catch (IOException e) {
            failure.addSuppressed(e);
            return true;
        }
    }

    private static boolean isAttached(NbdDevice device, ExportStatus export) throws IOException {
        Optional<Backend> backend = device.backend();
        return backend.isPresent()
                && backend.get().isOf(export.name(), export.snapshot().identity());
    }

    private void willDetach(NbdDevice device, Undo undo) {
        undo.add(() -> SwapRecord.delete(machine.host(), request.export()), swapoff());
        undo.add(() -> machine.detach(device), swapoff());
    }

    private void leaveRecord(NbdDevice device, boolean ownsDaemon) throws IOException {
        SwapRecord.of(device, ownsDaemon).write(machine.host(), request.export());
    }

    /** Devices that are attached to nothing: the one that was asked for, or all there are, and never none. */
    private List<NbdDevice> candidates() throws IOException {
        if (request.device().isEmpty()) {
            return NbdDevice.free(machine.files());
        }
        NbdDevice device = NbdDevice.at(machine.files(), request.device().get());
        if (device.isAttached()) {
            throw new IOException("--device: " + device.path() + " is attached to something: give another");
        }
        return List.of(device);
    }

    /** The kernel may have the size only later. */
    private static void awaitSize(NbdDevice device, long bytes) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!device.isAttached() || device.bytes() != bytes) {
            if (System.nanoTime() > deadline) {
                throw new IOException(device.path() + " is attached, but has " + Size.format(device.bytes())
                        + " instead of " + Size.format(bytes) + ": look at the kernel's log (dmesg)");
            }
            Thread.sleep(LOOK_MILLIS);
        }
    }

    private void makeSwap(NbdDevice device) throws IOException, InterruptedException {
        String label = request.export().substring(0, Math.min(request.export().length(), LABEL_CHARS));
        machine.tools().must("mkswap", "-L", label, device.path());
    }

    private void tune(Undo undo) throws IOException {
        KernelFiles files = machine.files();
        for (VmSetting setting : VmSetting.all(files, files.bytes("/proc/meminfo", "MemTotal"))) {
            if (!setting.isWanted()) {
                setting.set(files, setting.wanted());
                undo.add(() -> setting.set(files, setting.value()), swapoff());
                say("set vm." + setting.name() + " from " + setting.value() + " to " + setting.wanted() + ": with "
                        + setting.value() + ", " + setting.why());
            }
        }
    }

    private void swapOn(NbdDevice device, Undo undo) throws IOException, InterruptedException {
        undo.add(() -> takeOff(device), swapoff());
        machine.tools().must("swapon", "-p", Integer.toString(request.newPriority()), "--discard=pages", device.path());
        say("swaps on " + device.path() + ", " + Size.format(device.bytes()) + ", priority " + request.newPriority());
    }

    /**
     * If the program came to its end before it was interrupted: else the device would be taken from under its pages.
     */
    private void takeOff(NbdDevice device) throws IOException, InterruptedException {
        if (SwapArea.at(machine.files(), device.path()).isPresent()) {
            machine.tools().must("swapoff", device.path());
        }
    }

    private String swapoff() {
        return "ramzswap swapoff " + request.export();
    }

    private void say(String text) {
        out.println(request.export() + ": " + text);
        out.flush();
    }
}
