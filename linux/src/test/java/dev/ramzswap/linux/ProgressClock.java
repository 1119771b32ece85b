package dev.ramzswap.linux;

import java.util.function.LongSupplier;

/** Another clock for {@link Progress}: devices are as slow as a test wants them, and none has to wait. */
public final class ProgressClock {
    private ProgressClock() {}

    /** @param nanos is asked when something that may take long begins, and after each piece of it */
    public static ScopedValue.Carrier with(LongSupplier nanos) {
        return ScopedValue.where(Progress.CLOCK, nanos);
    }
}
