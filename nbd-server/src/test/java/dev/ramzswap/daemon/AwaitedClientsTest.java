package dev.ramzswap.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.daemon.Attachments.Device;
import dev.ramzswap.linux.PeerCredentials;
import java.util.ArrayList;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** For whom a daemon waits that was lost, or has not come back yet after a takeover. */
class AwaitedClientsTest extends AttachmentCase {
    @Test
    void aVisitorThatIsKilledBesideADeviceChangesNothing() throws Exception {
        attach();
        attachment.joined(VISITOR);
        assertEquals(Set.of(VISITOR.process().pid()), attachment.visitors());
        attachment.left(VISITOR, false);
        assertEquals(0, attachment.missing());
        attachment.left(KERNEL, true);
        attachment.left(KERNEL, true);
        devices.clear();
        assertFree();
    }

    @Test
    void othersAreWaitedForWhileConnectedAndAWhileIfTheLastOneWasLost() throws Exception {
        attachment.joined(BY_TCP);
        attachment.joined(VISITOR);
        assertTrue(attachment.admitsLate(VISITOR));
        assertFalse(attachment.admitsLate(BY_TCP));
        assertFalse(attachment.admitsLate(KERNEL));
        attachment.left(BY_TCP, true);
        assertTrue(attachment.isAttached());
        attachment.left(VISITOR, false);
        assertTrue(attachment.isAttached());
        assertTrue(attachment.admitsLate(VISITOR));
        pass(60);
        assertFalse(attachment.isAttached());
        assertFalse(attachment.awaitFree(), "its pages stay");
        attachment.joined(VISITOR);
        attachment.joined(VISITOR);
        attachment.left(VISITOR, true);
        attachment.left(VISITOR, true);
        assertFree();
        assertFalse(attachment.admitsLate(VISITOR));
        assertFalse(attachment.admitsLate(BY_TCP));
        assertTrue(attachment.admitsLate(SELF));
    }

    @Test
    void whoeverWasLostIsExpectedBackUntilHeHimselfSaysGoodbye() throws Exception {
        for (PeerCredentials qemu : new PeerCredentials[] {peer(300), BY_TCP}) {
            Attachment lost = attachment(false);
            lost.joined(qemu);
            lost.joined(VISITOR);
            lost.left(qemu, false);
            lost.left(VISITOR, true);
            assertFalse(lost.awaitFree(), "nbdinfo looked in meanwhile");
            lost.joined(VISITOR);
            lost.left(VISITOR, true);
            assertFalse(lost.awaitFree(), "nbdinfo looks in");
            assertTrue(lost.isAttached());
            lost.joined(qemu);
            lost.left(qemu, true);
            assertEquals(qemu != BY_TCP, lost.awaitFree(), "by TCP, nobody knows who that was");
        }
    }

    private void loseAndReturn(int processes) {
        for (int i = 0; i < processes; i++) {
            attachment.joined(peer(1000 + i));
            attachment.left(peer(1000 + i), false);
        }
        for (int i = 0; i < processes; i++) {
            attachment.joined(peer(1000 + i));
            attachment.left(peer(1000 + i), true);
        }
    }

    /** Else a client that makes process after process would fill the daemon's heap. */
    @Test
    void noMoreThanSomeProcessesAreKnownAgain() throws Exception {
        loseAndReturn(64);
        assertFree();
        loseAndReturn(65);
        assertFalse(attachment.awaitFree(), "somebody was lost, and nobody knows who: as by TCP");
    }

    @Test
    void norAreMoreDeparturesRememberedWhileTheKernelIsSilent() throws Exception {
        devices = null;
        for (int i = 0; i < 100; i++) {
            attachment.joined(VISITOR);
            attachment.left(VISITOR, true);
        }
        devices = new ArrayList<>();
        assertFalse(attachment.awaitFree(), "what was forgotten is taken for a loss");
    }

    /** As a probe that looks in every 59 s, and never says good-bye: each might be whoever is expected back. */
    @Test
    void whoeverIsLetInForAnothersSakeIsNotWaitedForAnew() {
        attachment.joined(VISITOR);
        attachment.left(VISITOR, false);
        assertEndsInSpiteOfProbes(attachment);
    }

    @Test
    void norAfterATakeover() {
        assertEndsInSpiteOfProbes(attachment(true));
    }

    private void assertEndsInSpiteOfProbes(Attachment draining) {
        for (int round = 0; round < 10; round++) {
            pass(round % 2 == 0 ? 59 : 60);
            PeerCredentials probe = round % 3 == 0 ? BY_TCP : peer(300 + round);
            if (draining.admitsLate(probe)) {
                draining.joined(probe);
                draining.left(probe, false);
            }
        }
        assertFalse(draining.isAttached());
        assertFalse(draining.admitsLate(peer(400)));
        assertTrue(draining.admitsLate(SELF));
    }

    /** One that was attached before, and is let in late besides, by TCP, is waited for all the same. */
    @Test
    void whoeverWasThereIsWaitedForWhoeverElseIsLetIn() {
        attachment.joined(BY_TCP);
        attachment.joined(VISITOR);
        attachment.left(VISITOR, false);
        assertTrue(attachment.admitsLate(BY_TCP));
        attachment.joined(BY_TCP);
        pass(59);
        attachment.left(BY_TCP, true);
        attachment.left(BY_TCP, false);
        pass(59);
        assertTrue(attachment.isAttached());
    }

    @Test
    void whoComesBackIsNoLatecomer() {
        attachment.joined(VISITOR);
        attachment.left(VISITOR, false);
        pass(1);
        assertTrue(attachment.admitsLate(VISITOR));
        attachment.joined(VISITOR);
        pass(60);
        attachment.left(VISITOR, false);
        assertTrue(attachment.isAttached());
    }

    /**
     * As qemu, to a daemon that was told to end just when it had taken over: as far as anybody knows, it has the pages.
     */
    @Test
    void whoComesFirstAfterATakeoverIsNoLatecomer() {
        Attachment takenOver = attachment(true);
        pass(1);
        joinsLate(takenOver, VISITOR);
        pass(1);
        joinsLate(takenOver, peer(300));
        pass(68);
        takenOver.left(VISITOR, false);
        takenOver.left(peer(300), false);
        assertTrue(takenOver.isNeeded());
        pass(59);
        joinsLate(takenOver, VISITOR);
        joinsLate(takenOver, peer(300));
        pass(59);
        takenOver.left(peer(300), false);
        takenOver.left(VISITOR, true);
        assertFalse(takenOver.isNeeded(), "the second one is waited for no more");
    }

    /** A standby that rehearses, or nbdinfo. */
    @Test
    void whoSaysGoodbyeAfterATakeoverLeavesThePlaceToWhoHasThePages() {
        for (PeerCredentials probe : new PeerCredentials[] {peer(300), BY_TCP}) {
            Attachment takenOver = attachment(true);
            joinsLate(takenOver, probe);
            takenOver.left(probe, true);
            joinsLate(takenOver, VISITOR);
            pass(70);
            takenOver.left(VISITOR, false);
            assertTrue(takenOver.isNeeded());
        }
    }

    @Test
    void byTcpOneIsWaitedForAnewAfterATakeover() {
        Attachment takenOver = attachment(true);
        joinsLate(takenOver, BY_TCP);
        pass(70);
        takenOver.left(BY_TCP, false);
        pass(59);
        joinsLate(takenOver, BY_TCP);
        takenOver.left(BY_TCP, false);
        pass(1);
        assertFalse(takenOver.isNeeded());
    }

    private static void joinsLate(Attachment draining, PeerCredentials peer) {
        assertTrue(draining.admitsLate(peer));
        draining.joined(peer);
    }

    @Test
    void whoWasLostIsLetInAsLongAsSomebodyElseKeepsTheDaemon() {
        attachment.joined(peer(300));
        attachment.joined(VISITOR);
        attachment.left(VISITOR, false);
        pass(61);
        assertTrue(attachment.isAttached());
        assertTrue(attachment.admitsLate(VISITOR));
    }

    /** As above, of one process. */
    @Test
    void aProbeIsNotWaitedForAnewThoughItIsAlwaysTheSame() {
        attachment.joined(VISITOR);
        attachment.left(VISITOR, false);
        for (int round = 0; round < 10; round++) {
            pass(30);
            if (attachment.admitsLate(peer(300))) {
                attachment.joined(peer(300));
                attachment.left(peer(300), false);
            }
        }
        assertFalse(attachment.isAttached());
    }

    /** It asks for the export again while its old connection is not heard of yet. */
    @Test
    void whoIsLostIsAdmittedAtAnyMoment() {
        for (int round = 0; round < ROUNDS; round++) {
            Attachment lost = attachment(false);
            lost.joined(VISITOR);
            CompletableFuture<Void> left = CompletableFuture.runAsync(() -> lost.left(VISITOR, false));
            while (!left.isDone()) {
                assertTrue(lost.admitsLate(VISITOR));
            }
            assertTrue(lost.admitsLate(VISITOR));
        }
    }

    @Test
    void whoComesBackAfterAGoodbyeMayBeLostAfterAll() throws Exception {
        attach();
        attachment.left(KERNEL, true);
        devices.clear();
        attachment.joined(KERNEL);
        attachment.left(KERNEL, false);
        attachment.left(KERNEL, false);
        assertTrue(attachment.isAttached());
        pass(60);
        assertFalse(attachment.isAttached());
    }

    @Test
    void whatWasTakenOverStaysUntilWhoeverHadItIsGone() throws Exception {
        Attachment byOthers = attachment(true);
        byOthers.joined(VISITOR);
        byOthers.left(VISITOR, true);
        assertTrue(byOthers.isAttached(), "that may have been a standby that rehearses");
        assertTrue(byOthers.admitsLate(BY_TCP));
        pass(60);
        assertFalse(byOthers.isAttached());
        assertFalse(byOthers.awaitFree(), "its pages stay");
        Attachment byKernel = attachment(true);
        devices.add(new Device(SWAPON, 1));
        assertEquals(1, byKernel.missing());
        devices.clear();
        assertTrue(byKernel.awaitFree(), "it was the kernel that had it");
    }
}
