package dev.ramzswap.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Resident memory of a process and its children, each byte counted once: the proportional set size of anonymous memory
 * and files, and shared memory by what its files hold, since pages of a memory file are resident whether the process
 * has touched them through its mapping or not.
 */
final class Residency {
    private Residency() {}

    static long bytes(ProcessHandle process) throws IOException {
        long own = 0;
        long mappedShared = 0;
        Set<Path> memoryFiles = new HashSet<>();
        for (ProcessHandle each :
                Stream.concat(Stream.of(process), process.descendants()).toList()) {
            Path proc = Path.of("/proc", Long.toString(each.pid()));
            for (String line : Files.readAllLines(proc.resolve("smaps_rollup"))) {
                if (line.startsWith("Pss_Anon:") || line.startsWith("Pss_File:")) {
                    own += kilobytes(line);
                } else if (line.startsWith("Pss_Shmem:")) {
                    mappedShared += kilobytes(line);
                }
            }
            addMemoryFiles(proc.resolve("fd"), memoryFiles);
        }
        return own + Math.max(mappedShared, allocated(memoryFiles));
    }

    private static long kilobytes(String line) {
        return Long.parseLong(line.split(" +")[1]) * 1024;
    }

    private static void addMemoryFiles(Path fds, Set<Path> into) throws IOException {
        try (DirectoryStream<Path> links = Files.newDirectoryStream(fds)) {
            for (Path link : links) {
                String target = Files.readSymbolicLink(link).toString();
                if (target.startsWith("/memfd:") || target.startsWith("/dev/shm/")) {
                    into.add(link);
                }
            }
        }
    }

    /**
     * Allocated blocks of all files, by {@code stat}, as Java does not tell them; two descriptors of a file are one.
     */
    private static long allocated(Set<Path> files) throws IOException {
        if (files.isEmpty()) {
            return 0;
        }
        List<String> command = new ArrayList<>(Arrays.asList("stat", "-L", "-c", "%d:%i %b %B"));
        files.forEach(file -> command.add(file.toString()));
        Process stat = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        Set<String> seen = new HashSet<>();
        long bytes = 0;
        try (BufferedReader lines = stat.inputReader(StandardCharsets.US_ASCII)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] fields = line.split(" ");
                if (seen.add(fields[0])) {
                    bytes += Long.parseLong(fields[1]) * Long.parseLong(fields[2]);
                }
            }
        }
        return bytes;
    }
}
