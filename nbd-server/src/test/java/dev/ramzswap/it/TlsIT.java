package dev.ramzswap.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.nbd.Certificates;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TLS as the clients that people have speak it: libnbd and nbd-client with GnuTLS, and qemu. */
class TlsIT {
    private static final int BYTES = 4 << 20;

    private static Path directory;
    private static Certificates certificates;
    private static DaemonProcess daemon;

    @BeforeAll
    static void serve(@TempDir Path temporary) throws Exception {
        directory = temporary;
        certificates = Certificates.make(directory.resolve("pki"));
        daemon = DaemonProcess.start(
                directory,
                "--size",
                BYTES,
                "--tls-cert",
                certificates.file("server-cert.pem"),
                "--tls-key",
                certificates.file("server-key.pem"),
                "--tls-ca",
                certificates.file("ca-cert.pem"));
    }

    @AfterAll
    static void stop() throws Exception {
        daemon.close();
    }

    private static String tcp(Path pki) {
        return daemon.tcpUri("").replaceFirst("nbd:", "nbds:") + "?tls-certificates=" + pki;
    }

    private static String unix(Path pki) {
        return daemon.uri().replaceFirst("nbd\\+unix:", "nbds+unix:") + "&tls-certificates=" + pki;
    }

    /** What qemu's programs take in place of a file's name. */
    private static String[] qemu(String host) {
        return new String[] {
            "--object",
            "tls-creds-x509,id=tls,dir=" + certificates.directory() + ",endpoint=client",
            "--image-opts",
            "driver=nbd,host=" + host + ",port=" + daemon.port() + ",tls-creds=tls",
        };
    }

    @Test
    void libnbdSpeaksTls() throws Exception {
        Path image = Images.make(directory.resolve("image"), Images.Kind.COMPRESSIBLE, BYTES, 1);
        Path back = directory.resolve("back");
        for (String uri : new String[] {tcp(certificates.directory()), unix(certificates.directory())}) {
            assertTrue(Tool.run("nbdinfo", uri).out().contains("newstyle-fixed with TLS, using structured packets"));
            Tool.run("nbdcopy", image, uri);
            Tool.run("nbdcopy", uri, back);
            assertEquals(-1, Files.mismatch(image, back));
        }
    }

    @Test
    void theUnixSocketOffersTlsAndTcpRequiresIt() throws Exception {
        assertTrue(Tool.run("nbdinfo", daemon.uri()).out().contains("without TLS"));
        Tool.Result plain = Tool.runToEnd("nbdinfo", daemon.tcpUri(""));
        assertNotEquals(0, plain.exit(), plain::toString);
        Tool.Result list = Tool.runToEnd("nbd-client", "-l", "127.0.0.1", daemon.port());
        assertTrue(list.err().contains("TLS is required"), list::toString);
    }

    @Test
    void qemuSpeaksTls() throws Exception {
        String[] device = qemu("localhost");
        Tool.run(
                "qemu-io",
                "-c",
                "write -P 7 100 70000",
                "-c",
                "read -P 7 100 70000",
                device[0],
                device[1],
                device[2],
                device[3]);
        Tool.Result info = Tool.run("qemu-img", "info", device[0], device[1], device[2], device[3]);
        assertTrue(info.out().contains("4 MiB"), info::toString);
        Tool.Result list = Tool.run(
                "qemu-nbd",
                "--list",
                device[0],
                device[1],
                "--tls-creds",
                "tls",
                "--bind",
                "localhost",
                "--port",
                daemon.port());
        assertTrue(list.out().contains("swap0"), list::toString);
    }

    /** Its negotiation; the rest of it needs a kernel's device. */
    @Test
    void nbdClientSpeaksTls() throws Exception {
        Tool.Result list = Tool.run(
                "nbd-client",
                "-l",
                "localhost",
                daemon.port(),
                "-cacertfile",
                certificates.file("ca-cert.pem"),
                "-certfile",
                certificates.file("client-cert.pem"),
                "-keyfile",
                certificates.file("client-key.pem"));
        assertTrue(list.out().contains("swap0"), list::toString);
    }

    @Test
    void aClientWithoutACertificateOfTheAuthorityIsRefused(@TempDir Path other) throws Exception {
        Certificates others = Certificates.make(other.resolve("pki"));
        Path none = Files.createDirectory(other.resolve("none"));
        Files.copy(certificates.file("ca-cert.pem"), none.resolve("ca-cert.pem"));
        Path wrong = Files.createDirectory(other.resolve("wrong"));
        Files.copy(certificates.file("ca-cert.pem"), wrong.resolve("ca-cert.pem"));
        for (String file : new String[] {"client-cert.pem", "client-key.pem"}) {
            Files.copy(others.file(file), wrong.resolve(file));
        }
        for (Path pki : new Path[] {none, wrong}) {
            for (String uri : new String[] {tcp(pki), unix(pki)}) {
                Tool.Result result = Tool.runToEnd("nbdinfo", uri);
                assertNotEquals(0, result.exit(), result::toString);
                assertFalse(result.out().contains("export-size"), result::toString);
            }
        }
        daemon.awaitOutput("a TLS handshake failed");
    }
}
