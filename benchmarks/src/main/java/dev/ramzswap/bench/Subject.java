package dev.ramzswap.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** A running server, what its device holds, and what was measured of it. */
final class Subject {
    private static final Duration FILL_BOUND = Duration.ofMinutes(5);
    private static final Duration PHASE_BOUND = Duration.ofSeconds(30);
    private static final Duration WARMUP = Duration.ofMillis(300);

    private final Server server;
    private final DeviceContent content;
    private final long emptyBytes;
    private long filledBytes;
    private long finalBytes;
    private final Map<Workload, Samples> rates = new LinkedHashMap<>();
    private final Map<Workload, Samples> medianMicros = new LinkedHashMap<>();
    private final Map<Workload, Samples> p99Micros = new LinkedHashMap<>();

    Subject(Server server, DeviceContent content) throws IOException {
        this.server = server;
        this.content = content;
        this.emptyBytes = server.residentBytes();
    }

    /** Writes every slot once. */
    void fill(long seed) throws IOException, InterruptedException {
        Phase fill = new Phase(Phase.Kind.FILL, 64);
        try (Load load = new Load(server.address(), "", 1, content, seed)) {
            check(fill, load.run(fill, Duration.ZERO, Duration.ZERO, FILL_BOUND));
        }
        filledBytes = server.residentBytes();
    }

    /** One workload of a round. */
    void measure(Workload workload, Duration time, long seed) throws IOException, InterruptedException {
        try (Load load = new Load(server.address(), "", workload.connections(), content, seed)) {
            PhaseResult result = load.run(workload.phase(), WARMUP, time, time.plus(PHASE_BOUND));
            check(workload.phase(), result);
            samples(rates, workload).add(result.perSecond());
            samples(medianMicros, workload).add(result.latency().micros(0.5));
            samples(p99Micros, workload).add(result.latency().micros(0.99));
        }
        finalBytes = server.residentBytes();
    }

    private void check(Phase phase, PhaseResult result) throws IOException {
        if (!result.clean()) {
            throw new IOException(server.name() + " answered wrongly: " + result.line(phase));
        }
    }

    private static Samples samples(Map<Workload, Samples> of, Workload workload) {
        return of.computeIfAbsent(workload, w -> new Samples());
    }

    /** What one workload takes, not counting delays of the server. */
    static Duration workloadTime(Duration time) {
        return time.plus(WARMUP);
    }

    Server server() {
        return server;
    }

    String name() {
        return server.name();
    }

    Samples rates(Workload workload) {
        return samples(rates, workload);
    }

    Samples medianMicros(Workload workload) {
        return samples(medianMicros, workload);
    }

    Samples p99Micros(Workload workload) {
        return samples(p99Micros, workload);
    }

    long emptyBytes() {
        return emptyBytes;
    }

    long filledBytes() {
        return filledBytes;
    }

    /** After the last workload, and so after many random overwrites. */
    long finalBytes() {
        return finalBytes;
    }
}
