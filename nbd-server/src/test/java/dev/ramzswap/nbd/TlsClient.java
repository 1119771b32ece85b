package dev.ramzswap.nbd;

import static dev.ramzswap.nbd.wire.Protocol.*;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/** A client of a TCP server that sends exactly the bytes it is told to, from {@link #startTls} on by Java's own TLS. */
final class TlsClient implements AutoCloseable {
    ServerBytes in;
    SSLSocket tls;
    private final Socket socket;
    private OutputStream out;

    TlsClient(InetSocketAddress server) throws IOException {
        this(new Socket(server.getAddress(), server.getPort()));
    }

    /** @param socket connected; closed with this */
    TlsClient(Socket socket) throws IOException {
        this.socket = socket;
        socket.setTcpNoDelay(true);
        in = new ServerBytes(socket.getInputStream());
        out = socket.getOutputStream();
        in.greeting();
        send(new Bytes().u32(NBD_FLAG_C_FIXED_NEWSTYLE | NBD_FLAG_C_NO_ZEROES));
    }

    /** One that is past its handshake. */
    static TlsClient attached(InetSocketAddress server, SSLContext context, String version) throws IOException {
        TlsClient client = new TlsClient(server);
        client.askForTls();
        client.startTls(context, version);
        client.send(new Bytes().option(NBD_OPT_GO, Bytes.go("")));
        client.expectGranted();
        return client;
    }

    void askForTls() throws IOException {
        send(new Bytes().option(NBD_OPT_STARTTLS));
        assertEquals(NBD_REP_ACK, in.optionReply().type());
    }

    void startTls(SSLContext context, String version) throws IOException {
        tls = (SSLSocket) context.getSocketFactory().createSocket(socket, "localhost", socket.getPort(), true);
        tls.setEnabledProtocols(new String[] {version});
        in = new ServerBytes(tls.getInputStream());
        out = tls.getOutputStream();
        tls.startHandshake();
    }

    void expectGranted() throws IOException {
        assertEquals(NBD_REP_INFO, in.optionReply().type());
        assertEquals(NBD_REP_ACK, in.optionReply().type());
    }

    void send(Bytes bytes) throws IOException {
        out.write(bytes.array());
        out.flush();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
