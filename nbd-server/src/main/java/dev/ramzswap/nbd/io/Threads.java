package dev.ramzswap.nbd.io;

/** The threads of a server: platform threads with small stacks, none of which keeps the JVM from its end. */
public final class Threads {
    /** Enough for the codecs, which keep up to 20 KiB on the stack; a default one would be 1 MiB, and may be locked. */
    private static final long STACK_BYTES = 256 << 10;

    private Threads() {}

    public static Thread start(String name, Runnable task) {
        Thread thread = unstarted(name, task);
        thread.start();
        return thread;
    }

    public static Thread unstarted(String name, Runnable task) {
        return Thread.ofPlatform()
                .name(name)
                .daemon(true)
                .stackSize(STACK_BYTES)
                .unstarted(task);
    }
}
