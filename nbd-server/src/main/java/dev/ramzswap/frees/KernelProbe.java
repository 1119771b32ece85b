package dev.ramzswap.frees;

import dev.ramzswap.linux.Bpf;
import dev.ramzswap.linux.ErrnoException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/** The one of this machine's kernel: by the first of its functions that is proved to be called for each freed slot. */
public final class KernelProbe implements SlotProbe {
    private static final long PATIENCE_NANOS = 5_000_000_000L;
    private static final long LOOK_NANOS = 5_000_000;
    private static final int TRIES = 3;

    @Override
    public Begun begin(String export, Path device, long slots) throws IOException {
        IOException failure = null;
        for (Hook hook : Hook.ALL) {
            try {
                Optional<Begun> begun = begin(hook, export, device, slots);
                if (begun.isPresent()) {
                    return begun.get();
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

    private enum Proof {
        CALLED,
        NOT_CALLED,

        /** Somebody called swapoff(2) meanwhile, perhaps of this very device: so its number may be another's. */
        DISTURBED
    }

    /** Empty if the function is not called for each freed slot. */
    private static Optional<Begun> begin(Hook hook, String export, Path device, long slots) throws IOException {
        for (int tries = 0; tries < TRIES; tries++) {
            try (FreedBits bits = FreedBits.make(slots);
                    Links links = attach(hook, bits)) {
                Proof proof = prove(bits, device);
                if (proof == Proof.CALLED) {
                    Pins.of(export).put(bits, links);
                    return Optional.of(new Begun(hook.free(), bits.name()));
                }
                if (proof == Proof.NOT_CALLED) {
                    return Optional.empty();
                }
            }
        }
        throw new IOException("swapoff(2) was called again and again while this was tried: try again later");
    }

    private static Links attach(Hook hook, FreedBits bits) throws IOException {
        Links links = new Links();
        try {
            links.add(FreePrograms.ofFree(bits.array()), hook.free());
            links.add(FreePrograms.ofSwapoff(bits.array()), hook.swapoff());
            links.add(FreePrograms.ofAnySwapoff(bits.array()), Bpf.SWAPOFF_CALL);
            links.addIfAny(FreePrograms.ofAnySwapoff(bits.array()), Bpf.SWAPOFF_CALL_32);
            return links;
        } catch (ErrnoException e) {
            try (links) {
                throw new NoProgramException(e);
            }
        }
    }

    /**
     * That the kernel says each swapoff is proved by one of nothing, which ends what others are told: so not if any are
     * told, since then it was proved before.
     */
    private static Proof prove(FreedBits bits, Path device) throws IOException {
        long swapoffs = bits.swapoffs();
        List<Long> freed;
        try (OwnSwap own = OwnSwap.on(device)) {
            if (!Pins.isAnyWatching()) {
                swapoffs++;
                bits.watch(own.type());
                Bpf.swapOffNothing();
                if (bits.isWatching()) {
                    return Proof.NOT_CALLED;
                }
            }
            bits.watch(own.type());
            freed = own.slots();
            if (freed.stream().anyMatch(bits::isFreed)) {
                return Proof.NOT_CALLED;
            }
        }
        awaitAll(freed, bits);
        if (!bits.isWatching() || bits.swapoffs() != swapoffs) {
            return Proof.DISTURBED;
        }
        return freed.stream().allMatch(bits::isFreed) ? Proof.CALLED : Proof.NOT_CALLED;
    }

    private static void awaitAll(List<Long> freed, FreedBits bits) {
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (!freed.stream().allMatch(bits::isFreed)
                && bits.isWatching()
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
