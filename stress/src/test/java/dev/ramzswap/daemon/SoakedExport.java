package dev.ramzswap.daemon;

import dev.ramzswap.config.AllowList;
import dev.ramzswap.config.Host;
import dev.ramzswap.nbd.export.Export;
import dev.ramzswap.store.PageStore;
import java.io.IOException;
import java.util.Set;

/** The daemon's own export, over any store. */
public final class SoakedExport {
    private SoakedExport() {}

    /** One that this process may open. */
    public static Export of(PageStore store) throws IOException {
        return new SwapExport("soak", false, AllowList.of(Set.of(), Set.of(), Host.current()), store);
    }
}
