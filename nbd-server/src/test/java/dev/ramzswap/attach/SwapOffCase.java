package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ramzswap.daemon.Daemon;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A swapoff on a made-up machine: what it says and leaves. */
abstract class SwapOffCase {
    static final List<String> BOTH = List.of("swapoff /dev/nbd0", "disconnect nbd0");

    @TempDir
    Path temp;

    FakeMachine fake;
    Daemon daemon;
    final StringWriter out = new StringWriter();
    boolean isByNbdClient;

    @BeforeEach
    void swappedOn() throws Exception {
        fake = new FakeMachine(temp);
        daemon = fake.serve("name=swap0,size=16M", "name=other,size=16M");
        swapOn("swap0");
    }

    @AfterEach
    void close() {
        daemon.close();
    }

    void swapOn(String name) throws IOException, InterruptedException {
        var request = new SwapRequest(
                name,
                Optional.empty(),
                Optional.empty(),
                Optional.of(1),
                isByNbdClient,
                Optional.empty(),
                Optional.empty(),
                false,
                true,
                false);
        new SwapOn(fake.machine(), request, new PrintWriter(out)).run(Optional.empty());
        fake.ran.clear();
        out.getBuffer().setLength(0);
    }

    void swapOff(boolean terminal, boolean force) throws IOException, InterruptedException {
        new SwapOff(fake.machine(), "swap0", new PrintWriter(out), terminal).run(force);
    }

    String failure() {
        return assertThrows(IOException.class, () -> swapOff(false, false)).getMessage();
    }

    boolean hasRecord(String name) {
        return Files.exists(temp.resolve("run/" + name + ".swap"));
    }
}
