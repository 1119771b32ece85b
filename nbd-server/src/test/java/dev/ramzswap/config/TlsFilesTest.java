package dev.ramzswap.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.nbd.Certificates;
import dev.ramzswap.nbd.tls.Tls;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The forms in which openssl and certtool write certificates and keys; and what is wrong with those that are. */
class TlsFilesTest {
    private static final Host HOST = new Host(8L << 30, 0, Map.of());

    private static Certificates certificates;

    @BeforeAll
    static void make(@TempDir Path directory) throws Exception {
        certificates = Certificates.make(directory);
    }

    private static Path file(String name) {
        return certificates.file(name);
    }

    private static Optional<TlsFiles> load(String... pairs) throws ConfigException {
        var settings = new Settings();
        settings.flag("size", "1G");
        for (String pair : pairs) {
            String[] parts = pair.split("=", 2);
            settings.flag(parts[0], parts[1]);
        }
        return TlsFiles.load(Config.of(settings, HOST));
    }

    private static TlsFiles load(Path certificate, Path key, String... more) throws ConfigException {
        var pairs = Arrays.copyOf(more, more.length + 2);
        pairs[more.length] = "tls-cert=" + certificate;
        pairs[more.length + 1] = "tls-key=" + key;
        return load(pairs).orElseThrow();
    }

    private static String error(Path certificate, Path key) {
        return assertThrows(ConfigException.class, () -> load(certificate, key)).getMessage();
    }

    @Test
    void nothingIsReadWithoutTls() throws ConfigException {
        assertEquals(Optional.empty(), load());
    }

    @Test
    void anAuthorityMeansThatClientsNeedCertificates() throws ConfigException {
        Path certificate = file("server-cert.pem");
        Path key = file("server-key.pem");
        TlsFiles with = load(certificate, key, "tls-ca=" + file("ca-cert.pem"));
        assertTrue(with.onTcp().clientCertificates() && with.onTcp().required());
        assertTrue(with.onSocket().clientCertificates() && !with.onSocket().required());
        Tls without = load(certificate, key).onTcp();
        assertFalse(without.clientCertificates());
        assertTrue(without.required());
    }

    @Test
    void eachAddressHasItsMode() throws ConfigException {
        TlsFiles files = load(file("server-cert.pem"), file("server-key.pem"), "socket-tls=off", "listen-tls=offered");
        assertNull(files.onSocket());
        assertFalse(files.onTcp().required());
    }

    @ParameterizedTest
    @CsvSource({
        "RSA -pkeyopt rsa_keygen_bits:2048, rsa -traditional, BEGIN RSA PRIVATE KEY",
        "RSA -pkeyopt rsa_keygen_bits:2048, pkey, BEGIN PRIVATE KEY",
        "EC -pkeyopt ec_paramgen_curve:P-384, ec, BEGIN EC PRIVATE KEY",
        "EC -pkeyopt ec_paramgen_curve:P-521, pkey, BEGIN PRIVATE KEY",
        "ED25519, pkey, BEGIN PRIVATE KEY",
    })
    void keysOfEveryForm(String algorithm, String form, String label) throws Exception {
        certificates.openssl("genpkey -algorithm " + algorithm + " -out raw.pem");
        certificates.openssl(form + " -in raw.pem -out form.pem");
        assertTrue(Files.readString(file("form.pem")).contains(label));
        certificates.openssl("req -x509 -new -key raw.pem -subj /CN=x -out self.pem");
        certificates.openssl("x509 -in self.pem -text -out described.pem");
        assertTrue(load(file("described.pem"), file("form.pem")).onTcp().required());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5, 40, 60, 90, 110})
    void aDamagedEcKeyIsNamed(int bytes) throws Exception {
        certificates.openssl("ec -in server-key.pem -outform DER -out ec.der");
        byte[] cut = Arrays.copyOf(Files.readAllBytes(file("ec.der")), bytes);
        String text = Base64.getMimeEncoder().encodeToString(cut);
        Path key = Files.writeString(
                file("cut.pem"), "-----BEGIN EC PRIVATE KEY-----\n" + text + "\n-----END EC PRIVATE KEY-----\n");
        String message = error(file("server-cert.pem"), key);
        assertTrue(message.startsWith("--tls-key: "), message);
    }

    @Test
    void whatIsWrongIsNamedInOneLine() throws Exception {
        Path certificate = file("server-cert.pem");
        Path key = file("server-key.pem");
        Path missing = file("missing.pem");
        assertEquals(
                "--tls-cert: cannot read " + missing + ": check that it is there, and its permissions",
                error(missing, key));
        assertEquals("--tls-cert: " + key + " has no certificate in it: give a PEM file", error(key, key));
        assertEquals(
                "--tls-key: " + certificate + ": there is no private key in it: give a PEM file",
                error(certificate, certificate));
        assertEquals(
                "--tls-key: this is not the private key of --tls-cert: give the one that is",
                error(certificate, file("client-key.pem")));
        certificates.openssl("pkcs8 -topk8 -in server-key.pem -out locked.pem -passout pass:x");
        assertEquals(
                "--tls-key: " + file("locked.pem") + ": the private key is encrypted: give one without a passphrase",
                error(certificate, file("locked.pem")));
        Path noChain = Files.writeString(
                file("no-chain.pem"), Files.readString(certificate) + Files.readString(file("client-cert.pem")));
        assertEquals(
                "--tls-cert: " + noChain + " has certificates that do not sign each other: put the server's first, then"
                        + " that of who signed it, and so on",
                error(noChain, key));
        Path noBase64 = Files.writeString(file("no-base64.pem"), certificate("AAA=AAAA"));
        assertEquals("--tls-cert: " + noBase64 + ": its CERTIFICATE is damaged", error(noBase64, key));
        Path noDer = Files.writeString(file("no-der.pem"), certificate("AAAA"));
        String message = error(noDer, key);
        assertTrue(message.startsWith("--tls-cert: " + noDer + " has a damaged certificate: "), message);
        assertEquals(1, message.lines().count());
    }

    @Test
    void whatIsNoSmallPlainFileIsNotRead(@TempDir Path directory) throws Exception {
        Path pipe = directory.resolve("pipe");
        assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
        Path certificate = file("server-cert.pem");
        for (Path special : List.of(pipe, directory, Path.of("/dev/zero"))) {
            assertEquals(
                    "--tls-key: " + special + " is not a plain file: give the path of one",
                    assertTimeoutPreemptively(Duration.ofSeconds(30), () -> error(certificate, special)));
        }
        Path large = Files.write(directory.resolve("large"), new byte[2 << 20]);
        assertEquals("--tls-cert: " + large + " has more than 1M: give a PEM file", error(large, certificate));
    }

    private static String certificate(String body) {
        return "-----BEGIN CERTIFICATE-----\n" + body + "\n-----END CERTIFICATE-----\n";
    }

    @Test
    void aKeyThatOthersCanReadIsWarnedOf(@TempDir Path directory) throws Exception {
        Path key = Files.createFile(directory.resolve("key"));
        boolean isRoots = Host.current().uid() == 0;
        Map<String, Boolean> isReadByOthers = Map.of(
                "rw-------", false, "r--------", false, "rw-r-----", !isRoots, "rw----r--", true, "rw-r--r--", true);
        for (var one : isReadByOthers.entrySet()) {
            Files.setPosixFilePermissions(key, PosixFilePermissions.fromString(one.getKey()));
            assertEquals(one.getValue(), TlsFiles.isReadByOthers(key), one.getKey());
        }
    }
}
