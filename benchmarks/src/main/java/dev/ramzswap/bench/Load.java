package dev.ramzswap.bench;

import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * A load on one device over several connections, each with a thread and a range of slots of its own. Not thread-safe.
 */
final class Load implements AutoCloseable {
    private final List<Worker> workers = new ArrayList<>();
    private final ExecutorService threads;

    /**
     * Connects.
     *
     * @param content what the device holds now; the load keeps it up to date
     */
    Load(SocketAddress address, String export, int connections, DeviceContent content, long seed) throws IOException {
        threads = Executors.newFixedThreadPool(
                connections, Thread.ofPlatform().name("load-", 0).factory());
        try {
            for (int i = 0; i < connections; i++) {
                NbdConnection connection = NbdConnection.open(address, export);
                int begin = (int) ((long) content.slots() * i / connections);
                int end = (int) ((long) content.slots() * (i + 1) / connections);
                workers.add(new Worker(connection, content, begin, end, seed));
                if (connection.size() < Pages.offset(content.slots())) {
                    throw new IOException("the device has only " + connection.size() + " bytes");
                }
            }
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * Runs a phase on all connections.
     *
     * @param bound after which it is given up
     */
    PhaseResult run(Phase phase, Duration warmup, Duration time, Duration bound)
            throws IOException, InterruptedException {
        List<Callable<PhaseResult>> tasks = new ArrayList<>();
        for (Worker worker : workers) {
            tasks.add(() -> worker.run(phase, warmup.toNanos(), time.toNanos()));
        }
        List<Future<PhaseResult>> futures = threads.invokeAll(tasks, bound.toMillis(), TimeUnit.MILLISECONDS);
        List<PhaseResult> results = new ArrayList<>();
        for (Future<PhaseResult> future : futures) {
            try {
                results.add(future.get());
            } catch (ExecutionException e) {
                throw new IOException(phase + " failed: " + e.getCause().getMessage(), e.getCause());
            } catch (CancellationException e) {
                throw new IOException(phase + " was not done after " + bound.toSeconds() + " s", e);
            }
        }
        return PhaseResult.sum(results);
    }

    @Override
    public void close() throws IOException {
        threads.shutdownNow();
        for (Worker worker : workers) {
            worker.close();
        }
    }
}
