package dev.ramzswap.daemon;

import dev.ramzswap.config.AllowList;
import dev.ramzswap.config.Size;
import dev.ramzswap.linux.PeerCredentials;
import dev.ramzswap.nbd.export.Export;
import dev.ramzswap.nbd.export.ExportSession;
import dev.ramzswap.store.PageStore;

/** A page store as a device: byte ranges on one side, slots on the other. */
final class SwapExport implements Export {
    private final String name;
    private final boolean readOnly;
    private final AllowList allowed;
    private final PageStore store;

    SwapExport(String name, boolean readOnly, AllowList allowed, PageStore store) {
        this.name = name;
        this.readOnly = readOnly;
        this.allowed = allowed;
        this.store = store;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String description() {
        return "ramzswap, " + Size.format(size()) + ", " + store.codec();
    }

    @Override
    public long size() {
        return store.slots() * PageStore.SLOT_BYTES;
    }

    @Override
    public boolean readOnly() {
        return readOnly;
    }

    @Override
    public boolean admits(PeerCredentials peer) {
        return allowed.admits(peer);
    }

    @Override
    public ExportSession open() {
        return new SwapSession(store);
    }

    PageStore store() {
        return store;
    }
}
