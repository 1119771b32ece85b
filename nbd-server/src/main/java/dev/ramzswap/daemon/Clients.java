package dev.ramzswap.daemon;

import dev.ramzswap.linux.PeerCredentials;
import dev.ramzswap.nbd.ClientListener;
import java.lang.System.Logger.Level;
import java.util.Map;

/** Clients as they come and go: their export's {@link Attachment} is told, and whoever waits for an end. */
final class Clients implements ClientListener {
    private static final System.Logger LOG = System.getLogger(Clients.class.getName());

    private final Map<String, Attachment> attached;
    private final Attachments kernel;
    private final Ending ending;

    /** @param attached by export */
    Clients(Map<String, Attachment> attached, Attachments kernel, Ending ending) {
        this.attached = attached;
        this.kernel = kernel;
        this.ending = ending;
    }

    @Override
    public boolean joins(String export, PeerCredentials peer) {
        Attachment attachment = attached.get(export);
        if (ending.isRequested() && !attachment.admitsLate(peer)) {
            return false;
        }
        attachment.joined(peer);
        logThat("has connected", export, peer);
        return true;
    }

    @Override
    public boolean mayBeAttacher(String export, PeerCredentials peer) {
        return attached.get(export).mayBeAttacher(peer);
    }

    @Override
    public void left(String export, PeerCredentials peer, boolean saidGoodbye) {
        logThat(saidGoodbye ? "has left" : "is gone", export, peer);
        attached.get(export).left(peer, saidGoodbye);
        kernel.look();
        ending.left();
    }

    /** No lambda: where memory is short, its class would be loaded. */
    private static void logThat(String what, String export, PeerCredentials peer) {
        if (LOG.isLoggable(Level.DEBUG)) {
            String who =
                    peer == null ? "by TCP" : "of process " + peer.process().pid() + ", " + peer;
            LOG.log(Level.DEBUG, "export " + export + ": a client " + who + ", " + what);
        }
    }
}
