package dev.ramzswap.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.daemon.Attachments.Device;
import dev.ramzswap.linux.PeerCredentials;
import dev.ramzswap.linux.ProcessId;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class AttachmentTest {
    private static final int OWN = 1;
    private static final int ROUNDS = 1000;
    private static final ProcessId SWAPON = new ProcessId(100, 1);
    private static final ProcessId ANOTHER = new ProcessId(101, 1);
    private static final PeerCredentials SELF = peer(OWN);
    private static final PeerCredentials KERNEL = new PeerCredentials(SWAPON, 0, 0);
    private static final PeerCredentials VISITOR = peer(200);
    private static final PeerCredentials BY_TCP = null;

    /** What the kernel says; null if it does not. */
    private List<Device> devices = new ArrayList<>();

    private long now;
    private final Attachment attachment = attachment(false);

    private static PeerCredentials peer(int pid) {
        return new PeerCredentials(new ProcessId(pid, 1), 0, 0);
    }

    private Attachment attachment(boolean isTakenOver) {
        Attachments kernel = (export, identity) -> {
            if (devices == null || !export.equals("a") || identity != 7) {
                throw new IOException("the kernel does not answer");
            }
            return List.copyOf(devices);
        };
        return new Attachment("a", 7, isTakenOver, kernel, OWN, () -> now);
    }

    @Test
    void aConnectionIsKnownByTheNumberOfWhoMadeItUntilItEnds() {
        attachment.joined(VISITOR);
        attachment.joined(VISITOR);
        assertTrue(attachment.isConnected(200));
        assertFalse(attachment.isConnected(201));
        attachment.left(VISITOR, true);
        assertTrue(attachment.isConnected(200));
        attachment.left(VISITOR, true);
        assertFalse(attachment.isConnected(200));
    }

    private void pass(int seconds) {
        now += Duration.ofSeconds(seconds).toNanos();
    }

    /** A device by swapon, with two connections. */
    private void attach() {
        attachment.joined(KERNEL);
        attachment.joined(KERNEL);
        devices.add(new Device(SWAPON, 2));
    }

    private void takenOffer() {
        takenOffer(SWAPON);
    }

    private void takenOffer(ProcessId attacher) {
        attachment.offer();
        attachment.joined(SELF);
        attachment.offered(attacher);
        attachment.offerEnds();
    }

    private void assertFree() throws InterruptedException {
        assertFalse(attachment.isAttached());
        assertTrue(attachment.awaitFree());
    }

    @Test
    void aDeviceIsAttachedAsLongAsTheKernelNamesIt() throws Exception {
        assertFree();
        attach();
        attachment.left(KERNEL, false);
        attachment.left(KERNEL, false);
        pass(1000);
        assertTrue(attachment.isAttached());
        assertFalse(attachment.awaitFree());
        assertEquals(2, attachment.missing());
        takenOffer();
        assertEquals(1, attachment.missing());
        devices.clear();
        assertEquals(0, attachment.missing());
        assertFree();
    }

    @Test
    void whoHasAttachedADeviceTheKernelSays() {
        assertFalse(attachment.mayBeAttacher(KERNEL));
        attach();
        attachment.joined(VISITOR);
        assertTrue(attachment.mayBeAttacher(KERNEL));
        assertFalse(attachment.mayBeAttacher(VISITOR));
        assertFalse(attachment.mayBeAttacher(BY_TCP));
        assertFalse(attachment.mayBeAttacher(SELF));
        devices = null;
        assertTrue(attachment.mayBeAttacher(KERNEL), "who does not answer may say so later");
        assertFalse(attachment.mayBeAttacher(BY_TCP));
    }

    @Test
    void aDeviceThatSaysGoodbyeLacksNothingAndIsGoneSoon() throws Exception {
        attach();
        attachment.left(KERNEL, false);
        takenOffer();
        assertEquals(0, attachment.missing());
        attachment.left(SELF, true);
        assertEquals(0, attachment.missing());
        assertFalse(attachment.isWaiting(SWAPON));
        attachment.left(KERNEL, true);
        assertTrue(attachment.isAttached(), "the kernel is about to forget it");
        pass(2);
        assertFalse(attachment.isAttached(), "somebody has the device open");
        devices.clear();
        assertFree();
        devices.add(new Device(ANOTHER, 1));
        assertTrue(attachment.isAttached(), "the next one");
        assertEquals(1, attachment.missing());
    }

    /** It may be heard of last: when nobody offers it any more. */
    @Test
    void whatTheKernelDoesNotTakeCountsForNothing() throws Exception {
        attach();
        attachment.left(KERNEL, false);
        attachment.offer();
        attachment.joined(SELF);
        assertEquals(1, attachment.missing());
        attachment.offerEnds();
        attachment.left(SELF, false);
        assertEquals(1, attachment.missing());
        assertTrue(attachment.isWaiting(SWAPON));
        attachment.offer();
        attachment.offerEnds();
        assertEquals(1, attachment.missing(), "an offer that failed");
    }

    /** A thread may be late, or the kernel have been silent. */
    @Test
    void aGoodbyeThatIsHeardLateIsNotTheNextDevices() throws Exception {
        attach();
        attachment.left(KERNEL, false);
        takenOffer();
        devices.clear();
        devices.add(new Device(ANOTHER, 1));
        attachment.left(SELF, true);
        assertTrue(attachment.isWaiting(ANOTHER));
        assertEquals(1, attachment.missing());
    }

    @Test
    void norIfTheNextDeviceHasSuchAConnectionToo() throws Exception {
        attach();
        attachment.left(KERNEL, false);
        takenOffer();
        devices.clear();
        devices.add(new Device(ANOTHER, 2));
        assertEquals(2, attachment.missing(), "what is not heard of yet is none of its connections");
        takenOffer(ANOTHER);
        takenOffer(ANOTHER);
        attachment.left(SELF, true);
        assertTrue(attachment.isWaiting(ANOTHER));
        pass(3);
        assertTrue(attachment.isAttached());
        assertEquals(0, attachment.missing());
        attachment.left(SELF, true);
        assertFalse(attachment.isWaiting(ANOTHER), "its own");
    }

    /** Nor can anybody say whose a good-bye is while the one before is still named, as somebody has it open. */
    @Test
    void norIfTheTwoWereThereAtOnce() throws Exception {
        attach();
        takenOffer();
        devices.add(new Device(ANOTHER, 2));
        takenOffer(ANOTHER);
        devices.removeFirst();
        assertEquals(0, attachment.missing());
        attachment.left(SELF, true);
        assertTrue(attachment.isWaiting(ANOTHER));
        assertEquals(1, attachment.missing());
    }

    @Test
    void whatIsNotHeardOfYetMayEndWithoutAGoodbye() throws Exception {
        attach();
        takenOffer();
        devices.clear();
        devices.add(new Device(ANOTHER, 1));
        assertEquals(1, attachment.missing());
        takenOffer(ANOTHER);
        attachment.left(SELF, false);
        assertEquals(0, attachment.missing());
        attachment.left(SELF, false);
        assertEquals(1, attachment.missing());
    }

    @Test
    void anOfferThatTheDaemonItselfEndedHidesNoGoodbye() throws Exception {
        attach();
        attachment.left(KERNEL, false);
        attachment.offer();
        attachment.joined(SELF);
        attachment.left(SELF, false);
        attachment.offerEnds();
        takenOffer();
        assertEquals(0, attachment.missing());
        attachment.left(SELF, true);
        assertFalse(attachment.isWaiting(SWAPON));
    }

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

    /** Who takes over knows nothing of it, and would wait for it. */
    @Test
    void aDeviceThatIsBeingForgottenNeedsNoOtherDaemon() {
        attach();
        assertTrue(attachment.isNeeded());
        attachment.left(KERNEL, true);
        attachment.left(KERNEL, true);
        assertTrue(attachment.isAttached());
        assertFalse(attachment.isNeeded());
    }

    /** libnbd's clients, and qemu's, close one of several connections and go on. */
    @Test
    void aGoodbyeIsOfItsConnectionAlone() throws Exception {
        attachment.joined(VISITOR);
        attachment.joined(VISITOR);
        attachment.left(VISITOR, true);
        attachment.left(VISITOR, false);
        assertTrue(attachment.isAttached(), "the one that goes on is lost long after");
        assertFalse(attachment.awaitFree());
        attachment.joined(VISITOR);
        attachment.joined(VISITOR);
        attachment.left(VISITOR, false);
        attachment.left(VISITOR, true);
        assertFree();
    }

    /** The kernel says good-bye by each connection: nbd-client -C 4. */
    @Test
    void aDeviceThatTheKernelDoesNotNameIsFreeWhenAllItsConnectionsSaidSo() throws Exception {
        for (int i = 0; i < 4; i++) {
            attachment.joined(VISITOR);
        }
        attachment.left(VISITOR, false);
        for (int i = 0; i < 3; i++) {
            assertTrue(attachment.isAttached());
            attachment.left(VISITOR, true);
        }
        assertFree();
    }

    /** As when no descriptor is left: nobody else says so again, and the device would be given a connection. */
    @Test
    void aGoodbyeIsRememberedUntilTheKernelSaysWhoseItWas() throws Exception {
        attach();
        takenOffer();
        List<Device> named = devices;
        devices = null;
        attachment.left(KERNEL, true);
        attachment.left(SELF, true);
        attachment.left(KERNEL, false);
        assertTrue(attachment.isAttached(), "nobody knows");
        devices = named;
        assertEquals(0, attachment.missing());
        assertFalse(attachment.isWaiting(SWAPON));
        devices.clear();
        assertFree();
    }

    @Test
    void aLossIsRememberedUntilTheKernelSaysThatItHasNoDevice() throws Exception {
        attachment.joined(VISITOR);
        devices = null;
        attachment.left(VISITOR, false);
        assertTrue(attachment.admitsLate(VISITOR), "it may come back");
        devices = new ArrayList<>();
        assertTrue(attachment.isAttached());
        pass(60);
        assertFalse(attachment.isAttached());
        assertFalse(attachment.awaitFree(), "its pages stay");
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

    /** One that was cut off, and whose requests waited for the disk meanwhile, is heard of after the device is gone. */
    @Test
    void aConnectionThatWasCutOffBeforeTheDeviceSaidGoodbyeIsNotLost() throws Exception {
        attach();
        attachment.left(KERNEL, true);
        devices.clear();
        assertTrue(attachment.isAttached(), "the other connection");
        attachment.left(KERNEL, false);
        assertFree();
    }

    /** Such as nbdinfo, long after swapon has ended, where process ids are few. */
    @Test
    void whoHasTheAttachersNumberByNowIsAVisitor() throws Exception {
        attach();
        attachment.left(KERNEL, false);
        attachment.left(KERNEL, false);
        takenOffer();
        takenOffer();
        PeerCredentials later = new PeerCredentials(new ProcessId(SWAPON.pid(), SWAPON.start() + 1), 0, 0);
        attachment.joined(later);
        assertEquals(Set.of(SWAPON.pid()), attachment.visitors());
        assertEquals(0, attachment.missing());
        attachment.left(later, true);
        assertTrue(attachment.isWaiting(SWAPON));
        attachment.left(SELF, false);
        assertEquals(1, attachment.missing());
    }

    @Test
    void aDeviceThatIsBeingDetachedIsNotKeptByItsOwnProcessThatLooksIn() {
        attach();
        attachment.left(KERNEL, true);
        attachment.joined(KERNEL);
        assertFalse(attachment.isWaiting(SWAPON));
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

    @Test
    void aKernelThatDoesNotAnswerIsTakenForAttached() throws Exception {
        devices = null;
        assertTrue(attachment.isAttached());
        assertFalse(attachment.awaitFree());
        devices = List.of();
        assertFree();
    }
}
