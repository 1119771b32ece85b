package dev.ramzswap.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HangUpsTest {
    private static final int PAIRS = 4;

    private final List<SocketChannel> clients = new ArrayList<>();
    private final List<SocketChannel> servers = new ArrayList<>();
    private final List<SocketHandle> handles = new ArrayList<>();
    private final HangUps hangUps = new HangUps(PAIRS);

    @BeforeEach
    void connect(@TempDir Path directory) throws IOException {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory.resolve("s"));
        try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(address);
            for (int i = 0; i < PAIRS; i++) {
                clients.add(SocketChannel.open(address));
                servers.add(listener.accept());
                handles.add(SocketHandle.of(servers.get(i)));
                hangUps.add(handles.get(i));
            }
        }
    }

    @AfterEach
    void close() throws IOException {
        hangUps.close();
        handles.forEach(SocketHandle::close);
        for (int i = 0; i < PAIRS; i++) {
            clients.get(i).close();
            servers.get(i).close();
        }
    }

    private List<Boolean> look() throws IOException {
        hangUps.look();
        return List.of(hangUps.at(0), hangUps.at(1), hangUps.at(2), hangUps.at(3));
    }

    @Test
    void onlyWhatIsShutBothWaysCounts() throws IOException {
        assertEquals(List.of(false, false, false, false), look());
        clients.get(0).shutdownOutput();
        clients.get(1).shutdownInput();
        clients.get(2).shutdownOutput().shutdownInput();
        clients.get(3).close();
        assertEquals(List.of(false, false, true, true), look());
        clients.get(0).shutdownInput();
        servers.get(1).shutdownInput();
        assertEquals(List.of(true, true, true, true), look());
    }

    @Test
    void unreadBytesAreStillThere() throws IOException {
        clients.get(1).write(ByteBuffer.wrap(new byte[] {1, 2, 3}));
        clients.get(1).shutdownOutput().shutdownInput();
        assertEquals(List.of(false, true, false, false), look());
        assertEquals(3, servers.get(1).read(ByteBuffer.allocate(10)));
    }

    @Test
    void othersCanBeLookedAtInstead() throws IOException {
        clients.get(2).close();
        hangUps.clear();
        hangUps.add(handles.get(2));
        hangUps.add(handles.get(0));
        hangUps.look();
        assertTrue(hangUps.at(0));
        assertFalse(hangUps.at(1));
    }

    @Test
    void aHandleOutlivesItsChannelAndLeavesItAsItWas() throws IOException {
        assertEquals(-1, servers.get(0).getOption(StandardSocketOptions.SO_LINGER));
        servers.get(0).close();
        assertEquals(List.of(false, false, false, false), look());
        clients.get(0).close();
        assertEquals(List.of(true, false, false, false), look());
    }

    @Test
    void aClosedChannelHasNone() throws IOException {
        servers.get(0).close();
        assertThrows(ClosedChannelException.class, () -> SocketHandle.of(servers.get(0)));
    }
}
