package dev.ramzswap.nbd;

import static dev.ramzswap.nbd.wire.Protocol.*;

import dev.ramzswap.nbd.export.Export;
import dev.ramzswap.nbd.wire.OptionData;
import dev.ramzswap.nbd.wire.OptionException;
import dev.ramzswap.nbd.wire.OptionReplies;
import dev.ramzswap.nbd.wire.Slots;
import java.io.IOException;

/** LIST_META_CONTEXT and SET_META_CONTEXT; {@code base:allocation} is the one context that there is. */
final class MetaContexts {
    private final VisibleExports exports;
    private final OptionReplies replies;
    /** The export that base:allocation is selected for, or null. */
    private Export selected;

    MetaContexts(VisibleExports exports, OptionReplies replies) {
        this.exports = exports;
        this.replies = replies;
    }

    boolean selectedFor(Export export) {
        return selected == export;
    }

    void forget() {
        selected = null;
    }

    /** No query lists all that there is, and {@code base:} is a wildcard. */
    void list(OptionData data, boolean structured) throws IOException, OptionException {
        export(data, structured);
        long queries = data.unsignedInt();
        boolean found = queries == 0;
        for (long i = 0; i < queries; i++) {
            String query = data.string();
            found |= query.equals(BASE_ALLOCATION) || query.equals(BASE_WILDCARD);
        }
        data.end();
        answer(found, 0);
    }

    /** Replaces what was selected, also when it fails. */
    void set(OptionData data, boolean structured) throws IOException, OptionException {
        selected = null;
        Export export = export(data, structured);
        boolean found = false;
        for (long queries = data.unsignedInt(); queries > 0; queries--) {
            found |= data.string().equals(BASE_ALLOCATION);
        }
        data.end();
        answer(found, Slots.CONTEXT_ID);
        selected = found ? export : null;
    }

    private Export export(OptionData data, boolean structured) throws OptionException {
        String name = data.string();
        if (!structured) {
            throw new OptionException(NBD_REP_ERR_INVALID, "structured replies must be negotiated first");
        }
        return exports.find(name);
    }

    private void answer(boolean found, int id) throws IOException {
        if (found) {
            replies.metaContext(id, BASE_ALLOCATION);
        }
        replies.ack();
    }
}
