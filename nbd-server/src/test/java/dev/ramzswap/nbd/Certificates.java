package dev.ramzswap.nbd;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * Certificates of an authority, a server and a client, made by openssl in a directory, under the names that libnbd and
 * qemu look for: {@code ca-cert.pem}, {@code server-cert.pem}, {@code server-key.pem}, {@code client-cert.pem},
 * {@code client-key.pem}.
 */
public record Certificates(Path directory) {
    private static final String PASSWORD = "password";

    /** Makes them, of an authority that nobody else has. */
    public static Certificates make(Path directory) throws IOException, InterruptedException {
        Certificates made = new Certificates(Files.createDirectories(directory));
        made.openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority"
                + " -keyout ca-key.pem -out ca-cert.pem");
        made.sign("server", "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n");
        made.sign("client", "extendedKeyUsage=clientAuth\n");
        return made;
    }

    private void sign(String name, String extensions) throws IOException, InterruptedException {
        Files.writeString(directory.resolve(name + ".ext"), extensions);
        openssl("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=" + name + " -keyout " + name
                + "-key.pem -out " + name + ".csr");
        openssl("x509 -req -in " + name + ".csr -CA ca-cert.pem -CAkey ca-key.pem -CAcreateserial -days 2 -extfile "
                + name + ".ext -out " + name + "-cert.pem");
    }

    /** Runs openssl in the directory; the words of its arguments are separated by spaces. */
    public void openssl(String arguments) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of("openssl"));
        command.addAll(List.of(arguments.split(" ")));
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes());
        if (process.waitFor() != 0) {
            throw new IOException("openssl " + arguments + ": " + said);
        }
    }

    public Path file(String name) {
        return directory.resolve(name);
    }

    /** Java's way to them. @param who {@code server} or {@code client}; null for nobody */
    SSLContext context(String who) throws IOException, GeneralSecurityException, InterruptedException {
        KeyStore authorities =
                KeyStore.getInstance(file("ca-cert.p12").toFile(), pkcs12("ca-cert", "ca-key", "ca-cert"));
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("authority", authorities.getCertificate("ca-cert"));
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(trusted);
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(
                who == null
                        ? null
                        : KeyStore.getInstance(file(who + ".p12").toFile(), pkcs12(who + "-cert", who + "-key", who)),
                PASSWORD.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    private char[] pkcs12(String certificate, String key, String name) throws IOException, InterruptedException {
        openssl("pkcs12 -export -in " + certificate + ".pem -inkey " + key + ".pem -name " + name + " -out " + name
                + ".p12 -passout pass:" + PASSWORD);
        return PASSWORD.toCharArray();
    }
}
