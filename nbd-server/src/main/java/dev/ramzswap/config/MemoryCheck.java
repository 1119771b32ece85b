package dev.ramzswap.config;

import dev.ramzswap.store.PageStore;
import dev.ramzswap.store.StoreConfig;
import java.util.List;

/** Whether the memory that exports may take is there. */
public final class MemoryCheck {
    /** Of the memory, what the tables of swap devices may take: more leaves too little of what the device extends. */
    private static final int TABLES_PART = 4;

    private final Host host;

    /**
     * Whether less may be there than is asked for, since what is asked for need not be used: a control group's limit
     * costs a daemon that no kernel swaps on some time, or its life.
     */
    private final boolean isLenient;

    public MemoryCheck(Host host, boolean isSwap) {
        this.host = host;
        this.isLenient = host.cgroup().isPresent() && !isSwap;
    }

    /** @throws ConfigException if it is not */
    void of(Settings settings, List<ExportConfig> exports) throws ConfigException {
        of(exports, settings.exports.isEmpty(), 0, exports.size());
    }

    /**
     * Checks the new limits of some of a daemon's exports.
     *
     * @param others what its other exports may take: see {@link #most}
     * @param count of all of them
     * @throws ConfigException if there is less memory
     */
    public void newLimits(List<ExportConfig> exports, long others, int count) throws ConfigException {
        of(exports, count == 1, others, count);
    }

    private void of(List<ExportConfig> exports, boolean isOne, long others, int count) throws ConfigException {
        if (isLenient) {
            return;
        }
        long sum = others;
        for (ExportConfig export : exports) {
            if (export.limit() != StoreConfig.NO_LIMIT) {
                limit(export.limit(), isOne ? "--limit" : "limit of " + export.name());
            } else if (host.cgroup().isPresent()) {
                worstCase(export, isOne ? "--size" : "size of " + export.name());
            }
            sum += most(export.limit(), export.size());
        }
        if (sum > host.memory()) {
            throw new ConfigException("--export: the limits add up to " + Size.format(sum) + ", more than the "
                    + host.memoryText() + cureOf(host));
        }
        besidesTheDaemon(sum, count, isOne ? givenOf(exports.getFirst()) : "--export");
    }

    /** What an export may take, as far as it counts: where the machine's memory is the bound, a limit is a promise. */
    public long most(long limit, long size) {
        if (limit != StoreConfig.NO_LIMIT) {
            return limit;
        }
        return host.cgroup().isPresent() ? size : 0;
    }

    private static String givenOf(ExportConfig export) {
        return export.limit() == StoreConfig.NO_LIMIT ? "--size" : "--limit";
    }

    /** Where the machine's own memory is the bound, much else lies there, and nobody can say how much. */
    private void besidesTheDaemon(long sum, int exports, String origin) throws ConfigException {
        long own = OwnMemory.of(exports);
        if (host.cgroup().isPresent() && sum + own > host.memory()) {
            throw new ConfigException(origin + ": " + Size.format(sum) + " and the " + Size.format(own)
                    + " that the daemon itself needs are more than the " + host.memoryText() + cureOf(host));
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

    /**
     * Checks what swap devices take at once, pages or not: it would be had, whatever else needs it.
     *
     * @throws ConfigException if that is too much
     */
    void atStart(Settings settings, List<ExportConfig> exports, Protection protection) throws ConfigException {
        long sizes = 0;
        long tables = 0;
        for (ExportConfig export : exports) {
            sizes += export.size();
            tables += PageStore.tableBytes(export.size() / PageStore.SLOT_BYTES);
            if (protection.isReserved() && export.limit() == StoreConfig.NO_LIMIT && export.size() > host.memory()) {
                throw new ConfigException(settings.daemon.get("reserve").origin() + ": export " + export.name()
                        + " has no limit, and would take more than the " + host.memoryText() + ": give it one");
            }
        }
        if (tables > host.memory() / TABLES_PART) {
            throw new ConfigException((settings.exports.isEmpty() ? "--size" : "--export") + ": to swap on "
                    + Size.format(sizes) + " takes " + Size.format(tables)
                    + " of memory from the start, more than a quarter of the " + host.memoryText() + cureOf(host));
        }
    }

    private static String cureOf(Host host) {
        return host.cgroup().isPresent() ? ": give less, or raise that" : ": give less";
    }

    /** Bytes that there are, of which a limit may be a part. */
    public long bytes() {
        return host.memory();
    }

    /**
     * Checks the new limit of one of a daemon's exports.
     *
     * @throws ConfigException if there is less memory
     */
    public void newLimit(long limit) throws ConfigException {
        if (limit != StoreConfig.NO_LIMIT) {
            limit(limit, "limit");
        }
    }

    /**
     * The same of one that is higher than before.
     *
     * @param size of its device
     * @param others what the other exports may take: see {@link #most}
     * @param exports how many there are in all
     */
    public void higherLimit(long limit, long size, long others, int exports) throws ConfigException {
        newLimit(limit);
        if (isLenient) {
            return;
        }
        limit(most(limit, size), "limit");
        long sum = most(limit, size) + others;
        if (sum > host.memory()) {
            throw new ConfigException("limit: with the other exports' limits, " + Size.format(sum)
                    + " are more than the " + host.memoryText() + cureOf(host));
        }
        besidesTheDaemon(sum, exports, "limit");
    }

    private void limit(long limit, String origin) throws ConfigException {
        if (limit > host.memory()) {
            throw new ConfigException(
                    origin + ": " + Size.format(limit) + " is more than the " + host.memoryText() + cureOf(host));
        }
    }
}
