package dev.ramzswap.daemon;

import dev.ramzswap.linux.ProcessId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** The kernel as a client: which of its devices belong to what a daemon serves, and who keeps them attached. */
public interface Attachments extends AutoCloseable {
    /** Of a daemon that leaves this to others. */
    Attachments NONE = (export, identity) -> List.of();

    /**
     * A device that belongs to an export.
     *
     * @param attacher the process that attached it, and made its first connections
     * @param connections how many it should have
     */
    record Device(ProcessId attacher, int connections) {}

    /**
     * The kernel's devices that belong to an export, asked of the kernel. Thread-safe.
     *
     * @param identity of the export's store, see {@link dev.ramzswap.store.Counters.Snapshot}
     * @throws IOException if the kernel cannot be asked
     */
    List<Device> devices(String export, long identity) throws IOException;

    /**
     * Whether {@code /dev/nbdN} belongs to an export of one of these names. If the kernel cannot be asked, it does.
     * Thread-safe.
     */
    default boolean isOf(int device, Set<String> exports) {
        return true;
    }

    /** The process that has attached {@code /dev/nbdN}, if the kernel names one. Thread-safe. */
    default OptionalInt attacher(int device) {
        return OptionalInt.empty();
    }

    /**
     * How many connections the kernel's devices should have, in all, that belong to exports of these names.
     * Thread-safe.
     *
     * @throws IOException if the kernel cannot be asked
     */
    default int connections(Set<String> exports) throws IOException {
        return 0;
    }

    /**
     * The daemon stands by: only now may what will be needed take its time to be prepared.
     *
     * @param rehearsed an export without pages, which no device belongs to
     * @param socket where another daemon serves
     */
    default void prepare(Attachment rehearsed, Path socket) {}

    /**
     * The daemon serves: devices get a new connection for each that they lack, now and from now on. Returns when none
     * lacks any, or after some seconds.
     *
     * @param socket where the exports are served
     */
    default void serving(List<Attachment> exports, Path socket) throws InterruptedException {}

    /** A connection is gone, so that a device may lack one. Returns at once. Thread-safe. */
    default void look() {}

    /** The daemon ends: devices get no more connections. */
    @Override
    default void close() {}
}
