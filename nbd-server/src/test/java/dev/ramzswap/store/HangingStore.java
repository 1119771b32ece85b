package dev.ramzswap.store;

import dev.ramzswap.backing.HangingDevice;
import java.io.IOException;

/** Opens a page store whose backing file can be made to hang. */
public final class HangingStore {
    private HangingStore() {}

    public static PageStore open(StoreConfig config, HangingDevice.Sink sink) throws IOException {
        return PageStore.open(config, StoreFiles.open(config, backing -> HangingDevice.open(backing, sink)));
    }

    /** Whether a slot can only be read from the backing file's device. */
    public static boolean isOnDevice(PageStore store, long slot, Workspace work) {
        return store.loadNow(slot, work.page, 0, work) == StoreStatus.WOULD_WAIT;
    }
}
