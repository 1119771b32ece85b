package dev.ramzswap.config;

import dev.ramzswap.nbd.tls.Tls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/** Certificates and key, read from their files and found fit for each other. Nothing of this is loaded without TLS. */
public final class TlsFiles {
    private static final System.Logger LOG = System.getLogger(TlsFiles.class.getName());
    /** All authorities that the world trusts have a quarter of that. */
    private static final int MOST_BYTES = 1 << 20;

    private static final int ROOT = 0;
    private static final int GROUP_READS = 0040;
    private static final int OTHERS_READ = 0004;

    private static final char[] NO_PASSWORD = {};

    private final TlsConfig config;
    private final SSLContext context;

    private TlsFiles(TlsConfig config, SSLContext context) {
        this.config = config;
        this.context = context;
    }

    /**
     * Reads what is configured, if anything is.
     *
     * @throws ConfigException if a file cannot be read or is not what it should be
     */
    public static Optional<TlsFiles> load(Config config) throws ConfigException {
        return config.tls().isEmpty()
                ? Optional.empty()
                : Optional.of(load(config.tls().get()));
    }

    private static TlsFiles load(TlsConfig config) throws ConfigException {
        List<Certificate> chain = certificates("--tls-cert", config.certificate());
        PrivateKey key = key(config.key());
        checkPair(key, chain.getFirst());
        warnOfReaders(config.key());
        List<Certificate> authorities = config.authority().isEmpty()
                ? List.of()
                : certificates("--tls-ca", config.authority().get());
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keyManagers(config, key, chain), trustManagers(authorities), null);
            return new TlsFiles(config, context);
        } catch (GeneralSecurityException | IOException e) {
            throw new ConfigException("--tls-cert: cannot be used: " + e.getMessage());
        }
    }

    /** Null for none. */
    public Tls onSocket() {
        return tls(config.onSocket());
    }

    /** Null for none. */
    public Tls onTcp() {
        return tls(config.onTcp());
    }

    private Tls tls(TlsConfig.Mode mode) {
        return mode == TlsConfig.Mode.OFF
                ? null
                : new Tls(context, config.authority().isPresent(), mode == TlsConfig.Mode.REQUIRED);
    }

    private static List<Certificate> certificates(String flag, Path file) throws ConfigException {
        var certificates = new ArrayList<Certificate>();
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            for (byte[] der : pem(flag, file).certificates()) {
                certificates.add(factory.generateCertificate(new ByteArrayInputStream(der)));
            }
        } catch (CertificateException e) {
            throw new ConfigException(flag + ": " + file + " has a damaged certificate: " + e.getMessage());
        }
        if (certificates.isEmpty()) {
            throw new ConfigException(flag + ": " + file + " has no certificate in it: give a PEM file");
        }
        return certificates;
    }

    private static PrivateKey key(Path file) throws ConfigException {
        byte[] der;
        try {
            der = pem("--tls-key", file).privateKey();
        } catch (IllegalArgumentException e) {
            throw new ConfigException("--tls-key: " + file + ": " + e.getMessage());
        }
        for (String algorithm : List.of("RSA", "EC", "EdDSA")) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
            } catch (GeneralSecurityException e) {
                continue; // it is one of another algorithm, or of none of these
            }
        }
        throw new ConfigException("--tls-key: " + file + " has a damaged key, or one that is not RSA, EC or EdDSA");
    }

    /** Who has the key can be taken for the server, and no client would know. */
    private static void warnOfReaders(Path key) throws ConfigException {
        try {
            if (isReadByOthers(key)) {
                LOG.log(Level.WARNING, "--tls-key: others than its user can read " + key + ": chmod 600 " + key);
            }
        } catch (IOException e) {
            throw unreadable("--tls-key", key);
        }
    }

    /** A group may, of a file of root's, as PostgreSQL has it: that is how Debian gives keys away (ssl-cert). */
    static boolean isReadByOthers(Path key) throws IOException {
        int mode = (Integer) Files.getAttribute(key, "unix:mode");
        int owner = (Integer) Files.getAttribute(key, "unix:uid");
        return (mode & (owner == ROOT ? OTHERS_READ : OTHERS_READ | GROUP_READS)) != 0;
    }

    private static ConfigException unreadable(String flag, Path file) {
        return new ConfigException(flag + ": cannot read " + file + ": check that it is there, and its permissions");
    }

    private static Pem pem(String flag, Path file) throws ConfigException {
        try {
            return new Pem(new String(
                    new SmallFile(flag, file, MOST_BYTES, "give a PEM file").read(), StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            throw unreadable(flag, file);
        } catch (IllegalArgumentException e) {
            throw new ConfigException(flag + ": " + file + ": " + e.getMessage());
        }
    }

    /** A wrong pair would fail only with the first client, and tell nobody why. */
    private static void checkPair(PrivateKey key, Certificate certificate) throws ConfigException {
        String algorithm = switch (key.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> "EdDSA";
        };
        boolean isPair;
        try {
            Signature signature = Signature.getInstance(algorithm);
            signature.initSign(key);
            byte[] signed = signature.sign();
            signature.initVerify(certificate.getPublicKey());
            isPair = signature.verify(signed);
        } catch (GeneralSecurityException e) {
            isPair = false;
        }
        if (!isPair) {
            throw new ConfigException("--tls-key: this is not the private key of --tls-cert: give the one that is");
        }
    }

    private static KeyManager[] keyManagers(TlsConfig config, PrivateKey key, List<Certificate> chain)
            throws GeneralSecurityException, IOException, ConfigException {
        KeyStore store = emptyStore();
        try {
            store.setKeyEntry("server", key, NO_PASSWORD, chain.toArray(Certificate[]::new));
        } catch (KeyStoreException e) {
            throw new ConfigException("--tls-cert: " + config.certificate() + " has certificates that do not sign each"
                    + " other: put the server's first, then that of who signed it, and so on");
        }
        KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
        factory.init(store, NO_PASSWORD);
        return factory.getKeyManagers();
    }

    /** Nobody is trusted whom the user has not named. */
    private static TrustManager[] trustManagers(List<Certificate> authorities)
            throws GeneralSecurityException, IOException {
        KeyStore store = emptyStore();
        for (Certificate authority : authorities) {
            store.setCertificateEntry("authority-" + store.size(), authority);
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(store);
        return factory.getTrustManagers();
    }

    private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }
}
