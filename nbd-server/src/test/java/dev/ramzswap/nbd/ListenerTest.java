package dev.ramzswap.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ramzswap.ChildJvm;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ListenerTest {
    /** In a JVM that has no more of IPv6 than one on a machine that was booted without it (ipv6.disable=1). */
    public static final class Listening {
        public static void main(String[] args) throws UnknownHostException {
            var address = new InetSocketAddress(InetAddress.getByAddress(new byte[16]), 10809);
            try {
                new Listener(Endpoint.plain(address)).close();
            } catch (IOException e) {
                System.out.println(e.getMessage());
            }
        }
    }

    /** It is no reason to end for a daemon that has taken over, and so no RuntimeException. */
    @Test
    void anAddressOfAKindThatTheMachineHasNotIsNamed() throws Exception {
        assertEquals(
                "cannot listen on 0:0:0:0:0:0:0:0:10809: this machine has no such addresses (IPv6)",
                lastWord(Listening.class, "-Djava.net.preferIPv4Stack=true"));
    }

    /** One that has no room for another thread's stack when a server is to listen at one more address. */
    public static final class Full {
        private static final int ROOM_KIB = 192;

        public static void main(String[] args) throws Exception {
            var loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            var server =
                    new NbdServer(List.of(new MemoryExport("x", 4096)), List.of(), Limits.DEFAULT, ClientListener.NONE);
            server.start();
            server.add(Endpoint.plain(loopback)); // what that needs besides is there from now on
            SocketAddress address = free(loopback);
            limitAddressSpace(Long.MAX_VALUE);
            limitAddressSpace(kib("VmSize:") + ROOM_KIB << 10);
            try {
                server.add(Endpoint.plain(address));
            } catch (OutOfMemoryError e) {
                System.out.println(address.equals(free(address)) + " with "
                        + server.addresses().size());
            }
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }

        /** One at which nobody listens. */
        private static SocketAddress free(SocketAddress wanted) throws IOException {
            try (ServerSocketChannel channel = ServerSocketChannel.open().bind(wanted)) {
                return channel.getLocalAddress();
            }
        }

        private static long kib(String key) throws IOException {
            return Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith(key))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .sum();
        }

        private static void limitAddressSpace(long bytes) throws IOException, InterruptedException {
            String pid = Long.toString(ProcessHandle.current().pid());
            String limit = bytes == Long.MAX_VALUE ? "unlimited" : Long.toString(bytes);
            new ProcessBuilder("prlimit", "--pid", pid, "--as=" + limit)
                    .inheritIO()
                    .start()
                    .waitFor();
        }
    }

    @Test
    void whereThereIsNoThreadForItNothingStaysBound() throws Exception {
        assertEquals("true with 1", lastWord(Full.class, "-Xint"));
    }

    private static String lastWord(Class<?> main, String flag) throws IOException {
        ProcessBuilder builder = ChildJvm.of(main);
        builder.command().add(1, flag);
        Process process = builder.start();
        try (var said = process.inputReader()) {
            return String.join("\n", said.readAllLines()).replaceFirst("(?s).*\n", "");
        } finally {
            process.destroyForcibly();
        }
    }
}
