package dev.ramzswap.attach;

import dev.ramzswap.daemon.Attachment;
import dev.ramzswap.daemon.Attachments;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Keeps the devices of a daemon attached, by {@link Reattach}: at its start those that an earlier one left, then
 * whatever connection breaks.
 *
 * <p>It runs in the daemon itself, as soon as that listens: no other process, and no file that could be swapped out,
 * stands between the kernel and its pages.
 */
public final class Reattacher implements Attachments {
    /** How long the daemon's start waits for what an earlier one left, and for the rehearsal. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final Machine machine;
    private final Semaphore looks = new Semaphore(0);
    private final CountDownLatch begun = new CountDownLatch(1);
    private Thread thread;

    public Reattacher(Machine machine) {
        this.machine = machine;
    }

    @Override
    public List<Device> devices(String export, long identity) throws IOException {
        List<Device> devices = new ArrayList<>();
        for (NbdDevice device : NbdDevice.all(machine.files())) {
            Optional<Backend> backend = device.backend();
            if (backend.isPresent() && backend.get().isOf(export, identity)) {
                devices.add(new Device(backend.get().attacher(), backend.get().connections()));
            }
        }
        return devices;
    }

    @Override
    public boolean isOf(int device, Set<String> exports) {
        try {
            return new NbdDevice(machine.files(), "nbd" + device)
                    .backend()
                    .filter(backend -> exports.contains(backend.export()))
                    .isPresent();
        } catch (IOException e) {
            return true;
        }
    }

    @Override
    public OptionalInt attacher(int device) {
        try {
            return new NbdDevice(machine.files(), "nbd" + device)
                    .pid().stream().mapToInt(Integer::parseInt).findFirst();
        } catch (IOException | NumberFormatException e) {
            return OptionalInt.empty();
        }
    }

    @Override
    public int connections(Set<String> exports) throws IOException {
        int sum = 0;
        for (NbdDevice device : NbdDevice.all(machine.files())) {
            sum += device.backend()
                    .filter(backend -> exports.contains(backend.export()))
                    .map(Backend::connections)
                    .orElse(0);
        }
        return sum;
    }

    @Override
    public void look() {
        looks.release();
    }

    @Override
    public void prepare(Attachment rehearsed, Path socket) {
        try (Reattach reattach = new Reattach(machine, rehearsed, socket)) {
            reattach.step();
            reattach.rehearseWithAnother();
        }
    }

    @Override
    public void serving(List<Attachment> exports, Path socket) throws InterruptedException {
        List<Reattach> all = exports.stream()
                .map(export -> new Reattach(machine, export, socket))
                .toList();
        thread = Thread.ofPlatform().name("reattacher").daemon(true).start(() -> keep(all));
        begun.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void keep(List<Reattach> all) {
        try {
            while (true) {
                long pause = Reattach.NOTHING_TO_DO;
                for (Reattach one : all) {
                    pause = Math.min(pause, one.step());
                }
                if (pause == Reattach.NOTHING_TO_DO && begun.getCount() > 0) {
                    all.getFirst().rehearse();
                    begun.countDown();
                }
                looks.tryAcquire(pause, TimeUnit.NANOSECONDS);
                looks.drainPermits();
            }
        } catch (InterruptedException e) {
            all.forEach(Reattach::close);
        }
    }

    @Override
    public void close() {
        if (thread != null) {
            thread.interrupt();
        }
    }
}
