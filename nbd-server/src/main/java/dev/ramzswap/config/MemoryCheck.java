package dev.ramzswap.config;

import dev.ramzswap.store.StoreConfig;
import java.util.List;

/** Whether the memory that exports may take is there. */
public final class MemoryCheck {
    private final Host host;

    /**
     * Whether less may be there than is asked for, since what is asked for need not be used: a control group's limit
     * costs a daemon that no kernel swaps on some time, or its life.
     */
    private final boolean isLenient;

    MemoryCheck(Host host, boolean isSwap) {
        this.host = host;
        this.isLenient = host.cgroup().isPresent() && !isSwap;
    }

    /** @throws ConfigException if it is not */
    void of(Settings settings, List<ExportConfig> exports) throws ConfigException {
        if (isLenient) {
            return;
        }
        boolean isOne = settings.exports.isEmpty();
        long sum = 0;
        for (ExportConfig export : exports) {
            if (export.limit() != StoreConfig.NO_LIMIT) {
                limit(export.limit(), host, isOne ? "--limit" : "limit of " + export.name());
                sum += export.limit();
            } else if (host.cgroup().isPresent()) {
                worstCase(export, isOne ? "--size" : "size of " + export.name());
                sum += export.size();
            }
        }
        if (sum > host.memory()) {
            throw new ConfigException("--export: the limits add up to " + Size.format(sum) + ", more than the "
                    + host.memoryText() + cureOf(host));
        }
    }

    /** The kernel would stop a daemon, which no OOM killer ends, in the midst of swapping. */
    private void worstCase(ExportConfig export, String origin) throws ConfigException {
        if (export.size() > host.memory()) {
            throw new ConfigException(
                    origin + ": without a limit, " + Size.format(export.size()) + " can need more than the "
                            + host.memoryText() + ": add a limit and a backing file, or raise that");
        }
    }

    private static String cureOf(Host host) {
        return host.cgroup().isPresent() ? ": give less, or raise that" : ": give less";
    }

    /**
     * Checks one limit.
     *
     * @param origin whom to blame
     * @throws ConfigException if there is less memory
     */
    public static void limit(long limit, Host host, String origin) throws ConfigException {
        if (limit > host.memory()) {
            throw new ConfigException(
                    origin + ": " + Size.format(limit) + " is more than the " + host.memoryText() + cureOf(host));
        }
    }
}
