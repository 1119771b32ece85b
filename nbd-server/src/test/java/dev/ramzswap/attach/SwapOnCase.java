package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A swapon on a made-up machine: what it is told, what it says and leaves. */
abstract class SwapOnCase {
    static final String EXPORT = "name=swap0,size=16M";

    @TempDir
    Path temp;

    FakeMachine fake;
    final StringWriter out = new StringWriter();
    Optional<String> device = Optional.empty();
    Optional<Duration> requestTimeout = Optional.empty();
    Optional<Duration> reconnectTimeout = Optional.empty();
    boolean isByNbdClient;

    boolean probesSlots = true;
    boolean tune;
    boolean isUnsafe;

    @BeforeEach
    void machine() {
        fake = new FakeMachine(temp);
    }

    void swapOn(String name, SwapOn.Starter... starter) throws IOException, InterruptedException {
        var request = new SwapRequest(
                name,
                device,
                Optional.empty(),
                Optional.of(2),
                isByNbdClient,
                requestTimeout,
                reconnectTimeout,
                tune,
                probesSlots,
                isUnsafe);
        new SwapOn(fake.machine(), request, new PrintWriter(out))
                .run(List.of(starter).stream().findFirst());
    }

    String failure(String name, SwapOn.Starter... starter) {
        return assertThrows(IOException.class, () -> swapOn(name, starter)).getMessage();
    }

    long count(String beginning) {
        return fake.ran.stream().filter(call -> call.startsWith(beginning)).count();
    }

    boolean hasRecord() {
        return Files.exists(record());
    }

    Path record() {
        return temp.resolve("run/swap0.swap");
    }

    BackgroundDaemon background(String... options) {
        return TestDaemon.of(fake.machine().host(), "swap0", options);
    }
}
