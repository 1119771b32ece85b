package dev.ramzswap.nbd;

import dev.ramzswap.ChildJvm;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayList;
import java.util.List;

/** Another process that makes connections by a Unix socket, uses each, and ends without a good-bye when it is told. */
final class AttachingProcess implements AutoCloseable {
    private final Process process;

    AttachingProcess(UnixDomainSocketAddress at, int connections) throws IOException {
        process = ChildJvm.of(AttachingProcess.class, at.getPath().toString(), Integer.toString(connections))
                .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    public static void main(String... arguments) throws IOException {
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < Integer.parseInt(arguments[1]); i++) {
            RawClient client = RawClient.attached(UnixDomainSocketAddress.of(arguments[0]), "", false);
            client.send(new Bytes().read(1, 0, 4096));
            client.in.simpleReply();
            clients.add(client);
        }
        int ignored = System.in.read();
        Runtime.getRuntime().halt(0);
    }

    /** All at once. */
    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
