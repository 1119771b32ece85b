package dev.ramzswap.it;

import dev.ramzswap.nbd.Certificates;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Clients that make the daemon's TLS allocate as much as they can. What it has of a handshake lies in the heap, which
 * is small, and the daemon ends when that is full.
 */
@Timeout(60)
class TlsAbuseIT {
    /** Fewer than may be connected, so that a bystander finds room. */
    private static final int ABUSERS = 60;

    /** As long as a handshake message may be, nearly. */
    private static final int LONG = 16_000;

    private static final int GREETING_BYTES = 18;
    private static final int REPLY_BYTES = 20;
    private static final int FRAGMENT_BYTES = 16_000;

    /** Client flags; IHAVEOPT, STARTTLS, no data. */
    private static final String START_TLS = "00000003" + "49484156454f5054" + "0000000500000000";
    /** RFC 8446: supported_versions, supported_groups, signature_algorithms, key_share. */
    private static final String USUAL = "002b0003020304" + "000a00040002001d" + "000d000a00080403080408070805"
            + "003300260024001d0020" + "09".repeat(32);
    /** What {@link Certificates} calls the authority; a server that has no certificate of those wanted gives up. */
    private static final String AUTHORITY = "30143112301006035504030c09617574686f72697479";

    private static final String EMPTY_NAME = "3000";

    @TempDir
    private Path directory;

    private final List<Socket> abusers = new ArrayList<>();
    private Certificates certificates;
    private DaemonProcess daemon;

    @BeforeEach
    void serve() throws Exception {
        certificates = Certificates.make(directory.resolve("pki"));
        daemon = DaemonProcess.start(
                directory,
                "--size",
                "1M",
                "--tls-cert",
                certificates.file("server-cert.pem"),
                "--tls-key",
                certificates.file("server-key.pem"),
                "--tls-ca",
                certificates.file("ca-cert.pem"));
    }

    @AfterEach
    void othersAreServed() throws Exception {
        for (Socket abuser : abusers) {
            abuser.close();
        }
        try (DaemonProcess _ = daemon) {
            Tool.run("nbdinfo", daemon.uri());
            String uri = daemon.tcpUri("").replaceFirst("nbd:", "nbds:");
            Tool.run("nbdinfo", uri + "?tls-certificates=" + certificates.directory());
        }
    }

    /** Each name of two bytes becomes an object of more than a hundred; and then the clients stand still. */
    @Test
    void hellosThatNameThousandsOfAuthorities() throws Exception {
        for (int i = 0; i < ABUSERS; i++) {
            startTls();
        }
        for (Socket abuser : abusers) {
            abuser.getOutputStream().write(hello(LONG));
        }
        Tool.run("nbdinfo", daemon.uri());
        for (Socket abuser : abusers) {
            awaitEnd(abuser);
        }
    }

    @Test
    void aHandshakeMessageHasItsBound() throws Exception {
        Socket abuser = startTls();
        abuser.getOutputStream().write(hello(2 * LONG));
        awaitEnd(abuser);
        daemon.awaitOutput("exceeds the maximum allowed size (16384)");
    }

    private Socket startTls() throws IOException {
        Socket socket = new Socket("127.0.0.1", daemon.port());
        abusers.add(socket);
        socket.getOutputStream().write(HexFormat.of().parseHex(START_TLS));
        new DataInputStream(socket.getInputStream()).readFully(new byte[GREETING_BYTES + REPLY_BYTES]);
        return socket;
    }

    /** Whatever is said before. */
    private static void awaitEnd(Socket socket) throws IOException {
        try {
            while (socket.getInputStream().read() >= 0) {}
        } catch (SocketException e) {
            // cut off with bytes that nobody had read
        }
    }

    /** A ClientHello of about so many bytes, in records. */
    private static byte[] hello(int bytes) throws IOException {
        String names = name(AUTHORITY) + name(EMPTY_NAME).repeat((bytes - 200) / 4);
        String extensions = USUAL + "002f" + vector(2, vector(2, names));
        String suites = vector(2, "1303");
        String body = "0303" + "00".repeat(32) + vector(1, "") + suites + vector(1, "00") + vector(2, extensions);
        return records(HexFormat.of().parseHex("01" + vector(3, body)));
    }

    private static String name(String der) {
        return vector(2, der);
    }

    /** Behind its length, which has so many bytes. */
    private static String vector(int lengthBytes, String hex) {
        return HexFormat.of().toHexDigits(hex.length() / 2, 2 * lengthBytes) + hex;
    }

    private static byte[] records(byte[] message) throws IOException {
        var bytes = new ByteArrayOutputStream();
        var records = new DataOutputStream(bytes);
        for (int at = 0; at < message.length; at += FRAGMENT_BYTES) {
            int length = Math.min(message.length - at, FRAGMENT_BYTES);
            records.write(HexFormat.of().parseHex("160301"));
            records.writeShort(length);
            records.write(message, at, length);
        }
        return bytes.toByteArray();
    }
}
