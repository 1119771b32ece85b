package dev.ramzswap.daemon;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.daemon.Attachments.Device;
import dev.ramzswap.linux.PeerCredentials;
import dev.ramzswap.linux.ProcessId;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** An attachment; a test makes up what the kernel says of it, and the time. */
abstract class AttachmentCase {
    static final int OWN = 1;
    static final int ROUNDS = 1000;
    static final ProcessId SWAPON = new ProcessId(100, 1);
    static final ProcessId ANOTHER = new ProcessId(101, 1);
    static final PeerCredentials SELF = peer(OWN);
    static final PeerCredentials KERNEL = new PeerCredentials(SWAPON, 0, 0);
    static final PeerCredentials VISITOR = peer(200);
    static final PeerCredentials BY_TCP = null;

    /** What the kernel says; null if it does not. */
    List<Device> devices = new ArrayList<>();

    long now;
    final Attachment attachment = attachment(false);

    static PeerCredentials peer(int pid) {
        return new PeerCredentials(new ProcessId(pid, 1), 0, 0);
    }

    Attachment attachment(boolean isTakenOver) {
        Attachments kernel = (export, identity) -> {
            if (devices == null || !export.equals("a") || identity != 7) {
                throw new IOException("the kernel does not answer");
            }
            return List.copyOf(devices);
        };
        return new Attachment("a", 7, isTakenOver, kernel, OWN, () -> now);
    }

    void pass(int seconds) {
        now += Duration.ofSeconds(seconds).toNanos();
    }

    /** A device by swapon, with two connections. */
    void attach() {
        attachment.joined(KERNEL);
        attachment.joined(KERNEL);
        devices.add(new Device(SWAPON, 2));
    }

    void takenOffer() {
        takenOffer(SWAPON);
    }

    void takenOffer(ProcessId attacher) {
        attachment.offer();
        attachment.joined(SELF);
        attachment.offered(attacher);
        attachment.offerEnds();
    }

    void assertFree() throws InterruptedException {
        assertFalse(attachment.isAttached());
        assertTrue(attachment.awaitFree());
    }
}
