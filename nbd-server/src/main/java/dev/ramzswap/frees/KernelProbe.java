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
        IOException failure = new IOException("none of its functions that are known is called");
        for (Hook hook : Hook.ALL) {
            try (FreedBits bits = FreedBits.make(slots)) {
                if (isBegun(hook, bits, export, device)) {
                    return new Begun(hook.free(), bits.name());
                }
            } catch (ErrnoException e) { // It has no such function, or nobody may look at it.
                failure = e;
            }
        }
        throw failure;
    }

    /** False if one is not what is called. */
    private static boolean isBegun(Hook hook, FreedBits bits, String export, Path device) throws IOException {
        try (NativeFile free = Bpf.attach(FreePrograms.ofFree(bits.array()), hook.free());
                NativeFile swapoff = Bpf.attach(FreePrograms.ofSwapoff(bits.array()), hook.swapoff());
                NativeFile any = Bpf.attach(FreePrograms.ofAnySwapoff(bits.array()), Bpf.SWAPOFF_CALL)) {
            if (!isCalled(bits, device)) {
                return false;
            }
            Pins.of(export).put(bits, free, swapoff, any);
            return true;
        }
    }

    private static boolean isCalled(FreedBits bits, Path device) throws IOException {
        List<Long> freed;
        try (OwnSwap own = OwnSwap.on(device)) {
            bits.watch(own.type());
            Bpf.swapOffNothing();
            if (bits.isWatching()) {
                return false;
            }
            bits.watch(own.type());
            freed = own.slots();
            if (freed.stream().anyMatch(bits::isFreed)) {
                return false;
            }
        }
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (!freed.stream().allMatch(bits::isFreed) && System.nanoTime() - end < 0) {
            LockSupport.parkNanos(LOOK_NANOS);
        }
        return freed.stream().allMatch(bits::isFreed) && bits.isWatching();
    }

    @Override
    public void end(String export) throws IOException {
        Pins.of(export).remove();
    }
}
