package dev.ramzswap.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ramzswap.daemon.Daemon;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A daemon whose connections break, with a kernel that is not there. */
class ReattacherTest {
    @TempDir
    private Path temp;

    private static void await(BooleanSupplier happened) {
        while (!happened.getAsBoolean()) {
            LockSupport.parkNanos(1_000_000);
        }
    }

    @Test
    void whatADaemonLeftIsReattachedAndThenWhatIsLost() throws Exception {
        FakeMachine fake = new FakeMachine(temp);
        fake.ran = Collections.synchronizedList(fake.ran);
        Reattacher reattacher = new Reattacher(fake.machine());
        try (Daemon daemon = fake.serve("name=a,size=16M")) {
            Backend a = new Backend("a", daemon.identities().get("a"), 2);
            left(fake, a);
            fake.dead.set(2);
            reattacher.serving(daemon.identities(), temp.resolve("run/a.sock"));
            String call = "reconnect nbd0 " + a;
            assertEquals(List.of(call, call), List.copyOf(fake.ran));
            fake.dead.set(1);
            reattacher.lost("a");
            await(() -> fake.ran.size() == 3);
            assertEquals(call, fake.ran.get(2));
        }
    }

    private static void left(FakeMachine fake, Backend backend) throws IOException {
        fake.file("/sys/block/nbd0/backend", backend.toString());
        fake.file("/sys/block/nbd0/size", Long.toString((16 << 20) / 512));
    }
}
