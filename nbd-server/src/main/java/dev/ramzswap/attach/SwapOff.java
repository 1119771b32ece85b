package dev.ramzswap.attach;

import dev.ramzswap.config.Cause;
import dev.ramzswap.config.Size;
import dev.ramzswap.linux.NativeFile;
import dev.ramzswap.status.ExportStatus;
import dev.ramzswap.status.LiveExport;
import dev.ramzswap.status.ProgressLine;
import java.io.Closeable;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Optional;

/**
 * Undoes {@link SwapOn}: takes the pages back, which may last minutes, then detaches the device, then ends the daemon
 * if it was started for this.
 */
public final class SwapOff {
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final int LOOK_MILLIS = 20;
    /** Between two attempts while somebody else is at it. */
    private static final int OTHERS_MILLIS = 500;

    private static final String EINVAL = "Invalid argument";

    private final Machine machine;
    private final String export;
    private final PrintWriter out;
    private final ProgressLine progress;
    private final ServiceUnit service;

    /** @param terminal whether progress overwrites its own line */
    public SwapOff(Machine machine, String export, PrintWriter out, boolean terminal) {
        this.machine = machine;
        this.export = export;
        this.out = out;
        this.progress = new ProgressLine(out, terminal);
        this.service = new ServiceUnit(export, machine.tools());
    }

    /**
     * @param force whether to try even if memory may not suffice
     * @throws IOException also if the machine lacks the memory to take the pages back
     */
    public void run(boolean force) throws IOException, InterruptedException {
        machine.requireRoot("swapoff");
        if (!SwapRecord.exists(machine.host(), export) && named().isEmpty() && !service.begins()) { // needs no lock
            throw new IOException("ramzswap swapon has not attached '" + export
                    + "': ramzswap status shows what is served, swapon --show what is swapped on");
        }
        try (Closeable _ = new SwapLock(machine, export).await(progress, out)) {
            Optional<SwapRecord> record = attached();
            if (record.isPresent()) {
                undo(record.get(), force);
            } else if (service.begins()) { // for a swapon that was killed
                endService();
            }
            forget(); // last, so that what fails can be repeated
            say("is not attached any more");
        }
        beginOthersAnew();
    }

    /** Any swapoff ends what the kernel says of others' slots. */
    private void beginOthersAnew() throws InterruptedException {
        try {
            for (ExportStatus other : ExportStatus.all(machine.host())) {
                beginAnew(other);
            }
        } catch (IOException e) {
            say("the dead pages of others may stay until the next ramzswap swapon or swapoff: " + Cause.of(e));
        }
    }

    /** Who is at one just now begins or ends that himself. */
    private void beginAnew(ExportStatus other) throws InterruptedException {
        try {
            if (new SlotChecks(machine).ended(other).isPresent()) {
                try (NativeFile _ = new SwapLock(machine, other.name()).take(Duration.ZERO)) {
                    beginAnewAlone(other);
                }
            }
        } catch (IOException e) {
            say("the dead pages of " + other.name() + " stay until the next ramzswap swapon or swapoff: "
                    + Cause.of(e));
        }
    }

    /** The device may have become another's before. */
    private void beginAnewAlone(ExportStatus other) throws IOException, InterruptedException {
        Optional<NbdDevice> device = new SlotChecks(machine).ended(other);
        if (device.isPresent()) {
            new DeadSlots(machine, other.name(), out).beginAnew(other, device.get());
        }
    }

    /** A record of what is no more hides nothing: that it cannot be removed is no reason to fail. */
    private void forget() {
        try {
            SwapRecord.delete(machine.host(), export);
        } catch (IOException e) {
            say("its record stays: " + Cause.of(e));
        }
        new DeadSlots(machine, export, out).end();
    }

    /**
     * What swapon has left, unless the kernel knows better: a swapon that was killed may have left nothing, or less.
     */
    private Optional<SwapRecord> attached() throws IOException {
        Optional<SwapRecord> record = SwapRecord.read(machine.host(), export);
        Optional<SwapRecord> named = named();
        if (named.isEmpty()
                || record.isPresent() && record.get().attached(machine.files()).isPresent()) {
            return record;
        }
        return record.isPresent() && record.get().ownsDaemon() ? named.map(SwapRecord::owningDaemon) : named;
    }

    private Optional<SwapRecord> named() throws IOException {
        Optional<NbdDevice> device =
                NbdDevice.first(machine.files(), backend -> backend.export().equals(export));
        return device.isPresent() ? Optional.of(SwapRecord.of(device.get(), false)) : Optional.empty();
    }

    private void undo(SwapRecord record, boolean force) throws IOException, InterruptedException {
        takeBack(record, force);
        detach(record);
        if (record.ownsDaemon()) {
            stopDaemon();
        }
    }

    private void takeBack(SwapRecord record, boolean force) throws IOException, InterruptedException {
        Optional<SwapArea> area = SwapArea.at(machine.files(), record.device());
        if (area.isPresent() && record.attached(machine.files()).isPresent()) {
            if (!force) {
                requireMemory(area.get());
            }
            takeBack(record, area.get());
        }
    }

    /**
     * What the device holds stays in the daemon's memory until all of it is back. Room on another device of ramzswap's,
     * or in zram, is that same memory.
     */
    private void requireMemory(SwapArea area) throws IOException {
        KernelFiles files = machine.files();
        long available = files.bytes("/proc/meminfo", "MemAvailable");
        long elsewhere = 0;
        for (SwapArea other : SwapArea.all(files)) {
            if (!other.device().equals(area.device()) && !isMemory(other)) {
                elsewhere += other.size() - other.used();
            }
        }
        if (area.used() > available + elsewhere) {
            throw new IOException("swapoff would bring back " + Size.format(area.used()) + ", and there are "
                    + Size.format(available) + " of memory available and " + Size.format(elsewhere)
                    + " free in other swap: end some programs or add swap first, or try it with --force");
        }
    }

    private boolean isMemory(SwapArea area) throws IOException {
        for (NbdDevice device : NbdDevice.all(machine.files())) {
            if (area.isOn(device.path())) {
                return device.backend().isPresent();
            }
        }
        return area.isOnZram();
    }

    private void takeBack(SwapRecord record, SwapArea area) throws IOException, InterruptedException {
        long begin = System.nanoTime();
        try {
            Optional<NbdDevice> device = record.attached(machine.files());
            while (device.isPresent() && !isTakenBack(device.get(), area, begin)) {
                progress.show(progress(area, begin));
                Thread.sleep(OTHERS_MILLIS);
                device = record.attached(machine.files());
            }
        } finally {
            progress.end();
        }
        say("no longer swaps on " + area.device() + ", " + area.usedPages() + " pages taken back in " + seconds(begin)
                + " s");
    }

    /**
     * False while somebody else takes it back, as systemd does at shutdown: then the kernel knows no such swap any more
     * (EINVAL), but has the device, and shows it, until all is back (mm/swapfile.c, SWP_WRITEOK). If that fails, it is
     * ours again.
     */
    private boolean isTakenBack(NbdDevice device, SwapArea area, long begin) throws IOException, InterruptedException {
        try (DeviceNode node = machine.nodes().of(device)) {
            Tools.Result result =
                    machine.tools().run(() -> progress.show(progress(area, begin)), "swapoff", node.path());
            if (result.status() == 0
                    || SwapArea.at(machine.files(), device.path()).isEmpty()) {
                return true;
            }
            String why = result.lastLine().orElse("exit status " + result.status());
            if (!why.contains(EINVAL)) {
                throw new IOException("swapoff " + device.path() + " failed: " + why);
            }
            return !node.isInUse();
        }
    }

    private String progress(SwapArea before, long begin) throws IOException {
        Optional<SwapArea> now = SwapArea.at(machine.files(), before.device());
        long left = now.map(SwapArea::usedPages).orElse(0L);
        long done = Math.max(0, before.usedPages() - left);
        long rate = done * 1_000_000_000 / Math.max(1, System.nanoTime() - begin);
        String text = export + ": " + left + " pages left, " + rate + " pages/s";
        return rate == 0 ? text : text + ", " + left / rate + " s left";
    }

    private static long seconds(long begin) {
        return Duration.ofNanos(System.nanoTime() - begin).toSeconds();
    }

    /** Others may have detached it meanwhile, and somebody else may have it now. */
    private void detach(SwapRecord record) throws IOException, InterruptedException {
        Optional<NbdDevice> device = record.attached(machine.files());
        if (device.isPresent()) {
            machine.detach(device.get());
            awaitDetached(record);
        }
    }

    private void awaitDetached(SwapRecord record) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (record.attached(machine.files()).isPresent()) {
            if (System.nanoTime() > deadline) {
                throw new IOException(record.device() + " stays attached: close what has it open (fuser -v "
                        + record.device() + "), and repeat this; if nothing has, look at the kernel's log (dmesg)");
            }
            Thread.sleep(LOOK_MILLIS);
        }
    }

    /** Another export that it serves may be in use still; that one inherits it. */
    private void stopDaemon() throws IOException, InterruptedException {
        Optional<ExportStatus> own = ExportStatus.find(machine.host(), export);
        if (own.isEmpty()) {
            endService();
            return;
        }
        for (ExportStatus other : ExportStatus.all(machine.host())) {
            Optional<SwapRecord> record = SwapRecord.read(machine.host(), other.name());
            boolean isSameDaemon = other.entry().pid() == own.get().entry().pid();
            if (isSameDaemon && !other.name().equals(export) && record.isPresent()) {
                record.get().owningDaemon().write(machine.host(), other.name());
                say("the daemon goes on for " + other.name());
                return;
            }
        }
        new LiveExport(own.get(), out, false).stopAndWait();
    }

    /** Between the death of a daemon and the start of the next one, systemd has it, and nobody else. */
    private void endService() throws IOException, InterruptedException {
        if (!service.goesOn()) {
            return;
        }
        if (!service.ends(Launcher.PATIENCE, this::requireForNobody)) {
            if (service.begins()) {
                throw new IOException(service.name() + " was told to end, and still begins anew: repeat this");
            }
            say("the daemon was told to end, and goes on until the last client is gone");
        }
    }

    /** A daemon that is told to end while it starts leaves its pages to one that does not come. */
    private void requireForNobody() throws IOException {
        for (NbdDevice device : NbdDevice.all(machine.files())) {
            Optional<String> other = device.backend().map(Backend::export);
            if (other.isPresent()
                    && ExportStatus.find(machine.host(), other.get()).isEmpty()) {
                throw new IOException(service.name() + " begins anew, and may be what " + device.path()
                        + " waits for: repeat this when ramzswap status shows " + other.get()
                        + ", or if another daemon serves that, end it by systemctl kill " + service.name());
            }
        }
    }

    private void say(String text) {
        out.println(export + ": " + text);
        out.flush();
    }
}
