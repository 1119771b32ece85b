package dev.ramzswap.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The least memory that the control groups of a process leave it: above it, the kernel stops or ends the process,
 * however much the machine has (Documentation/admin-guide/cgroup-v2.rst, memory.high and memory.max).
 *
 * @param bytes how much
 * @param file that says so
 */
public record CgroupLimit(long bytes, String file) {
    private static final String BASE = "sys/fs/cgroup";
    private static final List<String> V2 = List.of("memory.max", "memory.high");
    private static final List<String> V1 = List.of("memory.limit_in_bytes");

    /**
     * That of a process, if there is one. What says no limit by a number, as the first version does, is one of so many
     * bytes.
     *
     * @param root {@code /}, or what a made-up tree lies below
     * @param process its number, or {@code self}
     */
    public static Optional<CgroupLimit> of(Path root, String process) throws IOException {
        Path groups = root.resolve("proc").resolve(process).resolve("cgroup");
        if (!Files.exists(groups)) {
            return Optional.empty(); // a kernel without any
        }
        return Files.readAllLines(groups).stream()
                .flatMap(line -> ofGroup(root, line))
                .min(Comparator.comparingLong(CgroupLimit::bytes));
    }

    /** @param line {@code ID:CONTROLLERS:GROUP}, see cgroups(7) */
    private static Stream<CgroupLimit> ofGroup(Path root, String line) {
        String[] fields = line.split(":", 3);
        Path base = root.resolve(BASE);
        if (fields[1].isEmpty()) {
            Path unified = base.resolve("unified");
            return upwards(root, Files.exists(unified) ? unified : base, fields[2], V2);
        }
        boolean isMemory = List.of(fields[1].split(",")).contains("memory");
        return isMemory ? upwards(root, base.resolve("memory"), fields[2], V1) : Stream.empty();
    }

    /** From the group to the root of all, or of this container, which hides those above. */
    private static Stream<CgroupLimit> upwards(Path root, Path base, String group, List<String> names) {
        Path directory = base.resolve(group.substring(1)).normalize();
        return Stream.iterate(
                        directory.startsWith(base) ? directory : base, path -> path.startsWith(base), Path::getParent)
                .flatMap(path -> names.stream().map(path::resolve))
                .flatMap(file -> read(root, file).stream());
    }

    private static Optional<CgroupLimit> read(Path root, Path file) {
        try {
            String text = Files.readString(file).strip();
            return text.equals("max")
                    ? Optional.empty()
                    : Optional.of(new CgroupLimit(Long.parseLong(text), "/" + root.relativize(file)));
        } catch (IOException e) {
            return Optional.empty(); // The topmost group has none, nor has one without the controller.
        }
    }
}
