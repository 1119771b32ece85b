package dev.ramzswap.nbd;

import static dev.ramzswap.nbd.wire.Protocol.NBD_REP_ERR_POLICY;
import static dev.ramzswap.nbd.wire.Protocol.NBD_REP_ERR_UNKNOWN;

import dev.ramzswap.linux.PeerCredentials;
import dev.ramzswap.nbd.export.Export;
import dev.ramzswap.nbd.wire.OptionException;
import java.util.ArrayList;
import java.util.List;

/** The exports as one client sees them. */
final class VisibleExports {
    private final ServerContext context;
    private final PeerCredentials peer;

    /** @param peer null if it is not known */
    VisibleExports(ServerContext context, PeerCredentials peer) {
        this.context = context;
        this.peer = peer;
    }

    /** Those that it may open. */
    List<Export> all() {
        var visible = new ArrayList<Export>();
        for (Export export : context.exports().all()) {
            if (export.admits(peer)) {
                visible.add(export);
            }
        }
        return visible;
    }

    /** @throws OptionException if there is none of that name, or it may not open it */
    Export find(String name) throws OptionException {
        Export export = context.exports().find(name);
        if (export == null) {
            throw new OptionException(NBD_REP_ERR_UNKNOWN, "no such export");
        }
        if (!export.admits(peer)) {
            context.refusals().log(peer, export);
            throw new OptionException(NBD_REP_ERR_POLICY, "this user may not open the export");
        }
        return export;
    }
}
