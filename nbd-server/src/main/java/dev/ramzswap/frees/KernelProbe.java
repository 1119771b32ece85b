package dev.ramzswap.frees;

import dev.ramzswap.linux.Bpf;
import dev.ramzswap.linux.ErrnoException;
import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** The one of this machine's kernel: by the first of its functions that is proved to be called for each freed slot. */
public final class KernelProbe implements SlotProbe {
    private static final long PATIENCE_NANOS = 5_000_000_000L;
    private static final long LOOK_NANOS = 5_000_000;

    @Override
    public Begun begin(String export, Path device, long slots) throws IOException {
        IOException failure = null;
        for (Hook hook : Hook.ALL) {
            try (FreedBits bits = FreedBits.make(slots);
                    Programs programs = Programs.attach(hook, bits)) {
                if (isCalled(bits, device)) {
                    Pins.of(export).put(bits, programs.free(), programs.swapoff(), programs.anySwapoff());
                    return new Begun(hook.free(), bits.name());
                }
            } catch (NoProgramException e) {
                failure = failure == null ? e.reason() : failure;
            }
        }
        throw failure == null ? new IOException("none of its functions that are known is called") : failure;
    }

    /** The kernel has no such function, or nobody may look at it. */
    private static final class NoProgramException extends IOException {
        private static final long serialVersionUID = 1;

        NoProgramException(ErrnoException reason) {
            super(reason);
        }

        ErrnoException reason() {
            return (ErrnoException) getCause();
        }
    }

    private record Programs(NativeFile free, NativeFile swapoff, NativeFile anySwapoff) implements AutoCloseable {
        static Programs attach(Hook hook, FreedBits bits) throws IOException {
            NativeFile free = null;
            NativeFile swapoff = null;
            try {
                free = Bpf.attach(FreePrograms.ofFree(bits.array()), hook.free());
                swapoff = Bpf.attach(FreePrograms.ofSwapoff(bits.array()), hook.swapoff());
                return new Programs(
                        free, swapoff, Bpf.attach(FreePrograms.ofAnySwapoff(bits.array()), Bpf.SWAPOFF_CALL));
            } catch (ErrnoException e) {
                try (NativeFile _ = free;
                        NativeFile _ = swapoff) {
                    throw new NoProgramException(e);
                }
            }
        }

        @Override
        public void close() throws IOException {
            try (free;
                    swapoff;
                    anySwapoff) {}
        }
    }

    /**
     * That the kernel says each swapoff is proved by one of nothing, which ends what others are told: so not if any are
     * told, since then it was proved before. One by anybody else meanwhile, which may be of this very device, refutes
     * the area's number.
     */
    private static boolean isCalled(FreedBits bits, Path device) throws IOException {
        long swapoffs = bits.swapoffs();
        List<Long> freed;
        try (OwnSwap own = OwnSwap.on(device)) {
            if (!Pins.isAnyWatching()) {
                swapoffs++;
                bits.watch(own.type());
                Bpf.swapOffNothing();
                if (bits.isWatching()) {
                    return false;
                }
            }
            bits.watch(own.type());
            freed = own.slots();
            if (freed.stream().anyMatch(bits::isFreed)) {
                return false;
            }
        }
        awaitAll(freed, bits);
        return freed.stream().allMatch(bits::isFreed) && bits.isWatching() && bits.swapoffs() == swapoffs;
    }

    private static void awaitAll(List<Long> freed, FreedBits bits) {
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (!freed.stream().allMatch(bits::isFreed)
                && System.nanoTime() - end < 0
                && !Thread.currentThread().isInterrupted()) {
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    @Override
    public void end(String export) throws IOException {
        Pins.of(export).remove();
    }
}
