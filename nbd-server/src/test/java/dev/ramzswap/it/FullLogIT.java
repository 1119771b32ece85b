package dev.ramzswap.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A daemon whose stderr or stdout is a pipe that is full, and that nobody reads. */
@Timeout(60)
class FullLogIT {
    @Test
    void itServesAllTheSameAndSaysLaterWhatItHadToSay(@TempDir Path directory) throws Exception {
        Path pipe = directory.resolve("log");
        Tool.run("mkfifo", pipe);
        try (RandomAccessFile reader = new RandomAccessFile(pipe.toFile(), "rw")) {
            fill(pipe);
            Process daemon = new Launcher(directory)
                    .process("serve", "--size", "8M", "--limit", "8M", "--backing-file", directory.resolve("file"))
                    .redirectError(pipe.toFile())
                    .start();
            try (BufferedReader out = new BufferedReader(new InputStreamReader(daemon.getInputStream()))) {
                assertTrue(out.lines().anyMatch("ready"::equals)); // it has logged before: how files are encrypted
                assertTrue(firstLine(reader).startsWith("ramzswap: backing files are encrypted"));
            } finally {
                daemon.destroy();
                assertEquals(0, daemon.waitFor());
            }
        }
    }

    @Test
    void itEndsWhenToldToThoughItHasNotSaidThatItIsReady(@TempDir Path directory) throws Exception {
        Path pipe = directory.resolve("out");
        Tool.run("mkfifo", pipe);
        try (RandomAccessFile _ = new RandomAccessFile(pipe.toFile(), "rw")) {
            fill(pipe);
            Launcher launcher = new Launcher(directory);
            Process daemon = launcher.process("serve", "--size", "8M")
                    .redirectOutput(pipe.toFile())
                    .start();
            try {
                while (!launcher.runToEnd("status").out().contains("swap0")) {
                    assertTrue(daemon.isAlive());
                }
                daemon.destroy();
                assertTrue(daemon.waitFor(20, TimeUnit.SECONDS));
                assertEquals(0, daemon.exitValue());
            } finally {
                daemon.destroyForcibly();
            }
        }
    }

    private static void fill(Path pipe) throws Exception {
        Tool.runToEnd("dd", "if=/dev/zero", "of=" + pipe, "bs=4096", "oflag=nonblock")
                .expect(1);
    }

    /** Behind the zeroes that it was filled with. */
    private static String firstLine(RandomAccessFile reader) throws Exception {
        String line = reader.readLine();
        return line.substring(line.lastIndexOf('\0') + 1);
    }
}
