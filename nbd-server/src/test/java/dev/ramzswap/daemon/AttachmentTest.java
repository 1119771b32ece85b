package dev.ramzswap.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.daemon.Attachments.Device;
import dev.ramzswap.linux.PeerCredentials;
import dev.ramzswap.linux.ProcessId;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AttachmentTest extends AttachmentCase {
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
    void aKernelThatDoesNotAnswerIsTakenForAttached() throws Exception {
        devices = null;
        assertTrue(attachment.isAttached());
        assertFalse(attachment.awaitFree());
        devices = List.of();
        assertFree();
    }
}
