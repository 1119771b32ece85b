package dev.ramzswap.nbd.tls;

import dev.ramzswap.nbd.io.IoShare;
import java.io.IOException;
import java.nio.channels.ByteChannel;
import java.util.Comparator;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;

/**
 * The TLS of an endpoint, versions 1.2 and 1.3. In the words of the section "TLS support", a server with it is in mode
 * SELECTIVETLS if it is only offered (no export insists on it) and FORCEDTLS if it is required, and one without in mode
 * NOTLS.
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
     * ChaCha20 first: AES has machine instructions, but only the C2 compiler uses them, which the daemon does without;
     * ChaCha20 then takes 0.4 of the time. None that is not authenticated encryption.
     */
    private static String[] suites(String[] usual) {
        return Stream.of(usual)
                .filter(suite -> !suite.contains("_CBC_"))
                .sorted(Comparator.comparing(suite -> !suite.contains("CHACHA20")))
                .toArray(String[]::new);
    }

    /**
     * Shakes hands with a client that is about to. @throws IOException if that fails, and the channel is of no more use
     */
    public TlsChannel accept(ByteChannel socket, IoShare memory) throws IOException {
        SSLEngine engine = context.createSSLEngine();
        engine.setUseClientMode(false);
        engine.setEnabledProtocols(VERSIONS);
        engine.setEnabledCipherSuites(suites(engine.getEnabledCipherSuites()));
        engine.setNeedClientAuth(clientCertificates);
        TlsChannel channel = new TlsChannel(socket, engine, memory);
        try {
            channel.handshake();
        } catch (IOException | RuntimeException | Error e) {
            channel.free();
            throw e;
        }
        return channel;
    }
}
