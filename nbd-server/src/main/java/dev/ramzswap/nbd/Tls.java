package dev.ramzswap.nbd;

import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.nio.channels.ByteChannel;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;

/**
 * The TLS of an {@link Endpoint}, versions 1.2 and 1.3. In the words of the section "TLS support", a server with it is
 * in mode SELECTIVETLS if it is only offered (no export insists on it) and FORCEDTLS if it is required, and one without
 * in mode NOTLS.
 *
 * @param context has the server's certificate, and trusts who may sign clients' ones
 * @param clientCertificates whether a client must have one
 * @param required whether a client is served only inside TLS
 */
public record Tls(SSLContext context, boolean clientCertificates, boolean required) {
    private static final String[] VERSIONS = {"TLSv1.3", "TLSv1.2"};

    public Tls {
        // Sessions are kept for who comes without tickets, 20,480 of them otherwise: more than the heap can hold.
        context.getServerSessionContext().setSessionCacheSize(1);
    }

    /**
     * Shakes hands with a client that is about to. @throws IOException if that fails, and the channel is of no more use
     */
    TlsChannel accept(ByteChannel socket, ByteBufAllocator allocator) throws IOException {
        SSLEngine engine = context.createSSLEngine();
        engine.setUseClientMode(false);
        engine.setEnabledProtocols(VERSIONS);
        engine.setNeedClientAuth(clientCertificates);
        TlsChannel channel = new TlsChannel(socket, engine, allocator);
        try {
            channel.handshake();
        } catch (IOException | RuntimeException | Error e) {
            channel.free();
            throw e;
        }
        return channel;
    }
}
