package dev.ramzswap.frees;

import dev.ramzswap.linux.Bpf;
import dev.ramzswap.linux.BpfProgram;
import dev.ramzswap.linux.Errno;
import dev.ramzswap.linux.ErrnoException;
import dev.ramzswap.linux.NativeFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Programs that the kernel runs where it calls functions of its own, until this is closed and nothing has them pinned.
 */
final class Links implements AutoCloseable {
    private final Map<String, NativeFile> byFunction = new LinkedHashMap<>();

    /** @throws ErrnoException also if the kernel has no such function */
    void add(BpfProgram program, String function) throws IOException {
        byFunction.put(function, Bpf.attach(program, function));
    }

    /** One that not every kernel has. */
    void addIfAny(BpfProgram program, String function) throws IOException {
        try {
            add(program, function);
        } catch (ErrnoException e) {
            if (e.errno() != Errno.ENOENT) {
                throw e;
            }
        }
    }

    /** Each by the name of its function, so that it outlives this process. */
    void pin(Path directory) throws IOException {
        for (Map.Entry<String, NativeFile> link : byFunction.entrySet()) {
            Bpf.pin(link.getValue(), directory.resolve(link.getKey()));
        }
    }

    @Override
    public void close() throws IOException {
        for (NativeFile link : byFunction.values()) {
            link.close();
        }
    }
}
