package dev.ramzswap.nbd.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.linux.NativeSocket;
import dev.ramzswap.linux.PeerCredentials;
import dev.ramzswap.nbd.ClientListener;
import dev.ramzswap.nbd.Limits;
import dev.ramzswap.nbd.MemoryExport;
import dev.ramzswap.nbd.TestServer;
import dev.ramzswap.nbd.client.ClientHandshake.Terms;
import dev.ramzswap.nbd.wire.Protocol;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClientHandshakeTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final String GREETING = "4e42444d41474943 49484156454f5054 0003";
    private static final String ACK = "0003e889045565a9 00000007 00000001 00000000";

    @TempDir
    private Path directory;

    /** A server that says what was written down beforehand, whatever it is asked. */
    private record Script(ByteBuffer answers, ByteBuffer asked) implements ByteChannel {
        static Script of(String hex) {
            byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
            return new Script(ByteBuffer.wrap(bytes), ByteBuffer.allocate(256));
        }

        @Override
        public int read(ByteBuffer into) {
            if (!answers.hasRemaining()) {
                return -1;
            }
            into.put(answers.get());
            return 1;
        }

        @Override
        public int write(ByteBuffer from) {
            asked.put(from.get());
            return 1;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }

    @Test
    void asksForOneExportAndTakesItsTerms() throws IOException {
        Script server = Script.of(GREETING
                + "0003e889045565a9 00000007 00000003 00000003 0001 61"
                + "0003e889045565a9 00000007 00000003 0000000c 0000 0000000100000000 8165"
                + ACK);
        assertEquals(new Terms(1L << 32, 0x8165), ClientHandshake.go(server, "ab"));
        assertEquals(
                "00000003 49484156454f5054 00000007 00000008 00000002 6162 0000".replace(" ", ""),
                HexFormat.of().formatHex(server.asked.array(), 0, server.asked.position()));
    }

    @Test
    void whatIsNotTheProtocolIsAnError() {
        String info = "0003e889045565a9 00000007 00000003 0000000c 0000 0000000100000000 8165";
        for (String answers : new String[] {
            "4e42444d41474944 49484156454f5054 0003",
            GREETING + "0003e889045565a8 00000007 00000001 00000000",
            GREETING + "0003e889045565a9 00000006 00000001 00000000",
            GREETING + "0003e889045565a9 00000007 00000003 00100000",
            GREETING + ACK,
            GREETING + "0003e889045565a9 00000007 80000006 00000002 6e6f",
        }) {
            assertThrows(ProtocolException.class, () -> ClientHandshake.go(Script.of(answers), ""), answers);
        }
        assertThrows(EOFException.class, () -> ClientHandshake.go(Script.of(GREETING + info), ""));
    }

    /** So that what the client does next comes after it. */
    @Test
    void aGoodbyeIsHeardWhenItHasBeenSaid() throws Exception {
        AtomicBoolean isHeard = new AtomicBoolean();
        ClientListener slow = new ClientListener() {
            @Override
            public void left(String export, PeerCredentials peer, boolean saidGoodbye) {
                LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
                isHeard.set(saidGoodbye);
            }
        };
        try (TestServer _ = new TestServer(directory, Limits.DEFAULT, slow, new MemoryExport("a", 8192));
                NativeSocket socket = NativeSocket.connect(directory.resolve("s"), PATIENCE)) {
            ClientHandshake.go(socket, "a");
            Goodbye.say(socket);
            assertTrue(isHeard.get());
        }
    }

    /** Of a daemon that hangs: not the patience for each, one after another. */
    @Test
    void allGoodbyesHaveOneDeadline() throws Exception {
        int clients = 30;
        CountDownLatch hangs = new CountDownLatch(1);
        AtomicInteger heard = new AtomicInteger();
        ClientListener hanging = new ClientListener() {
            @Override
            public void left(String export, PeerCredentials peer, boolean saidGoodbye) {
                heard.addAndGet(saidGoodbye ? 1 : 0);
                TestServer.await(() -> hangs.getCount() == 0);
            }
        };
        List<NativeSocket> sockets = new ArrayList<>();
        try (TestServer _ = new TestServer(directory, Limits.DEFAULT, hanging, new MemoryExport("a", 8192))) {
            try {
                for (int i = 0; i < clients; i++) {
                    sockets.add(NativeSocket.connect(directory.resolve("s"), PATIENCE));
                    ClientHandshake.go(sockets.getLast(), "a");
                }
                assertTimeoutPreemptively(
                        Duration.ofSeconds(10),
                        () -> assertThrows(IOException.class, () -> Goodbye.say(sockets, Duration.ofMillis(500))));
                TestServer.await(() -> heard.get() == clients);
            } finally {
                hangs.countDown();
                sockets.forEach(NativeSocket::close);
            }
        }
    }

    @Test
    void theRealServerGrantsIt() throws IOException {
        MemoryExport small = new MemoryExport("small", 8192, true);
        try (TestServer server = new TestServer(directory, Limits.DEFAULT, new MemoryExport("first", 1 << 20), small)) {
            try (NativeSocket socket = NativeSocket.connect(directory.resolve("s"), PATIENCE)) {
                Terms terms = ClientHandshake.go(socket, "small");
                assertEquals(8192, terms.size());
                int expected =
                        Protocol.NBD_FLAG_HAS_FLAGS | Protocol.NBD_FLAG_READ_ONLY | Protocol.NBD_FLAG_CAN_MULTI_CONN;
                assertEquals(expected, terms.flags() & expected);
                TestServer.await(() -> server.clients() == 1);
            }
            TestServer.await(() -> server.clients() == 0);
            try (NativeSocket socket = NativeSocket.connect(directory.resolve("s"), PATIENCE)) {
                String refusal = assertThrows(ProtocolException.class, () -> ClientHandshake.go(socket, "none"))
                        .getMessage();
                assertTrue(refusal.endsWith("no such export"), refusal);
            }
        }
    }
}
