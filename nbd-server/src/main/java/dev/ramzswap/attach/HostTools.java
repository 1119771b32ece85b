package dev.ramzswap.attach;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The programs of this machine, from {@code PATH} and from where root's programs are, which users' paths lack. */
final class HostTools implements Tools {
    private static final int TICK_MILLIS = 200;
    private static final List<String> ROOTS_OWN = List.of("/usr/sbin", "/sbin");

    private final List<String> path = new ArrayList<>();

    HostTools(String path) {
        this.path.addAll(List.of(path.split(File.pathSeparator)));
        this.path.addAll(ROOTS_OWN);
    }

    @Override
    public boolean has(String program) {
        return find(program).isPresent();
    }

    private Optional<Path> find(String program) {
        return path.stream()
                .map(directory -> Path.of(directory, program))
                .filter(Files::isExecutable)
                .findFirst();
    }

    @Override
    public Result run(Meanwhile meanwhile, String... command) throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(Arrays.asList(command));
        Path program = find(command[0]).orElseThrow(() -> new IOException(command[0] + " is not installed"));
        words.set(0, program.toString());
        var builder = new ProcessBuilder(words).redirectErrorStream(true);
        builder.environment().put("LC_ALL", "C");
        Process process = builder.start();
        process.getOutputStream().close();
        try {
            while (!process.waitFor(TICK_MILLIS, TimeUnit.MILLISECONDS)) {
                meanwhile.run();
            }
        } catch (Throwable e) {
            process.destroy();
            process.waitFor(); // so that it does nothing behind what its caller then undoes
            throw e;
        }
        // Not up to the end: a nbd-client that stays in the background may hold the pipe open.
        InputStream output = process.getInputStream();
        return new Result(process.exitValue(), new String(output.readNBytes(output.available()), UTF_8));
    }
}
