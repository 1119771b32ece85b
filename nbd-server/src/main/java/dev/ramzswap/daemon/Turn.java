package dev.ramzswap.daemon;

import dev.ramzswap.config.Config;
import dev.ramzswap.config.ExportConfig;
import dev.ramzswap.store.StoreConfig;
import dev.ramzswap.store.StoreState;
import java.io.IOException;
import java.time.Duration;

/**
 * Waits for the state of a {@link Standby}'s exports. For that of one, the kernel wakes it within microseconds. Of
 * several, a third daemon may serve some: whose pages wait is not to wait for that one's end, and so it looks at all of
 * them again and again.
 */
final class Turn {
    private static final Duration LOOK = Duration.ofMillis(100);

    private final Config config;

    Turn(Config config) {
        this.config = config;
    }

    /** @param beforeWaiting is run if somebody serves one of them */
    void await(Runnable beforeWaiting) throws IOException, InterruptedException {
        if (config.exports().size() == 1) {
            StoreState.awaitFree(config.exports().getFirst().store(config), beforeWaiting);
        } else if (!hasCome()) {
            beforeWaiting.run();
            while (!hasCome()) {
                Thread.sleep(LOOK);
            }
        }
    }

    /** When one is left, or nobody serves any. One of which nothing is left ends no wait for the others. */
    private boolean hasCome() throws IOException {
        return isAny(StoreState::isLeft) || !isAny(StoreState::isInUse);
    }

    private interface Look {
        boolean at(StoreConfig state) throws IOException;
    }

    private boolean isAny(Look look) throws IOException {
        for (ExportConfig export : config.exports()) {
            if (look.at(export.store(config))) {
                return true;
            }
        }
        return false;
    }
}
