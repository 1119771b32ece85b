package dev.ramzswap.attach;

import dev.ramzswap.config.Size;
import dev.ramzswap.frees.ProbeState;
import dev.ramzswap.status.ExportStatus;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Optional;

/**
 * What an earlier {@code swapon} has made of the same pages. To ask for it again is no error, or the start of a unit
 * would be one after a stop that was refused; to ask for another thing is.
 */
final class EarlierSwap {
    /** To take over lasts less. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final int LOOK_MILLIS = 20;

    /**
     * Where it is.
     *
     * @param export as it is served now
     */
    record Place(ExportStatus export, NbdDevice device, SwapArea area) {}

    private final Machine machine;
    private final SwapRequest request;
    private final PrintWriter out;

    EarlierSwap(Machine machine, SwapRequest request, PrintWriter out) {
        this.machine = machine;
        this.request = request;
        this.out = out;
    }

    /**
     * Empty also if the device cannot be known: by nbd-client nobody has left word with the kernel whose it is, and a
     * daemon that does not serve cannot be asked. One that is not in use, as a swapon leaves it that was killed, is
     * detached.
     *
     * @throws IOException also if it swaps otherwise than was asked for
     */
    Optional<Place> find() throws IOException, InterruptedException {
        Optional<NbdDevice> device = named();
        Optional<ExportStatus> export = device.isPresent() ? awaitServing() : Optional.empty();
        Optional<Backend> backend = export.isPresent() ? backend(device.get(), export.get()) : Optional.empty();
        if (backend.isEmpty()) {
            return Optional.empty();
        }
        Optional<SwapArea> area = SwapArea.at(machine.files(), device.get().path());
        if (area.isEmpty()) {
            machine.detach(device.get());
            new SoleUse(machine, request.export()).requireNoDevice();
            say("detached " + device.get().path() + ", on which nobody swapped");
            return Optional.empty();
        }
        requireOneOfUnitsIfInUnit(export.get());
        requireAsAsked(device.get(), backend.get(), area.get());
        return Optional.of(new Place(export.get(), device.get(), area.get()));
    }

    /** The unit's own daemons would find their names taken, and be started again and again. */
    private void requireOneOfUnitsIfInUnit(ExportStatus export) throws IOException {
        boolean isInUnit = machine.files()
                .find("/proc/self/cgroup")
                .filter(groups -> groups.contains("/ramzswap-swap@" + request.export() + ".service"))
                .isPresent();
        if (isInUnit && !new UnitCheck(machine).isOfUnits(export)) {
            throw new IOException(
                    request.export() + " was swapped on by hand, and not by this unit's daemon: ramzswap swapoff "
                            + request.export() + ", and then systemctl start ramzswap-swap@" + request.export());
        }
    }

    private Optional<NbdDevice> named() throws IOException {
        return NbdDevice.first(machine.files(), backend -> backend.export().equals(request.export()));
    }

    /** One daemon may just leave to another. */
    private Optional<ExportStatus> awaitServing() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        Optional<ExportStatus> export = ExportStatus.find(machine.host(), request.export());
        while (export.isEmpty() && System.nanoTime() - deadline < 0) {
            Thread.sleep(LOOK_MILLIS);
            export = ExportStatus.find(machine.host(), request.export());
        }
        return export;
    }

    /** Of these very pages. */
    private static Optional<Backend> backend(NbdDevice device, ExportStatus export) throws IOException {
        long identity = export.snapshot().identity();
        return device.backend().filter(backend -> backend.isOf(export.name(), identity));
    }

    private void requireAsAsked(NbdDevice device, Backend backend, SwapArea area) throws IOException {
        if (request.isByNbdClient()) {
            throw otherwise("--nbd-client", device, "attached by netlink");
        }
        if (differs(request.device(), device.path())) {
            throw otherwise("--device", device, "that one");
        }
        if (differs(request.priority(), area.priority())) {
            throw otherwise("--priority", device, "of priority " + area.priority());
        }
        if (differs(request.connections(), backend.connections())) {
            throw otherwise("--connections", device, "attached by " + backend.connections());
        }
        requireSameTimeout(device);
    }

    /** Both could be changed, but by the daemon alone: see docs/decisions/netlink-owner.md. */
    private void requireSameTimeout(NbdDevice device) throws IOException {
        Optional<Long> millis = machine.files()
                .find("/sys/block/" + device.name() + "/queue/io_timeout")
                .map(text -> Long.parseLong(text.strip()));
        Optional<Long> asked = request.requestTimeout().map(Duration::toMillis);
        if (millis.isPresent() && differs(asked, millis.get())) {
            throw otherwise("--request-timeout", device, "with one of " + millis.get() / 1000 + " s");
        }
    }

    private static <T> boolean differs(Optional<T> asked, T found) {
        return asked.isPresent() && !asked.get().equals(found);
    }

    private IOException otherwise(String option, NbdDevice device, String found) {
        return new IOException(option + ": " + request.export() + " swaps on " + device.path() + " already, " + found
                + ": leave the option away, or ramzswap swapoff " + request.export() + " first");
    }

    /** Makes it what can be changed while it is in use. */
    void adapt(Place place) throws IOException, InterruptedException {
        say("swaps on " + place.device.path() + " already, " + Size.format(place.device.bytes()) + ", priority "
                + place.area.priority());
        var slots = new DeadSlots(machine, request.export(), out);
        if (!request.probesSlots()) {
            slots.end();
        } else if (place.export.slotProbe() == ProbeState.OFF) {
            slots.begin(place.export, place.device);
        }
    }

    private void say(String text) {
        out.println(request.export() + ": " + text);
        out.flush();
    }
}
