package dev.ramzswap.config;

import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A text of RFC 7468: blocks of base64 between lines that name what they are. What stands around them is left out, such
 * as the description that certtool and {@code openssl -text} write.
 *
 * <p>Java reads private keys as PKCS#8 alone ({@code PRIVATE KEY}). The older forms that certtool and openssl write as
 * well lie inside of that one: {@code RSA PRIVATE KEY} (PKCS#1, RFC 8017), {@code EC PRIVATE KEY} (SEC 1, RFC 5915).
 */
final class Pem {
    private static final String CERTIFICATE = "CERTIFICATE";
    private static final String KEY = "PRIVATE KEY";
    private static final String RSA_KEY = "RSA PRIVATE KEY";
    private static final String EC_KEY = "EC PRIVATE KEY";

    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----\\s(.*?)-----END \\1-----", Pattern.DOTALL);

    // ITU-T X.690: tags
    private static final int SEQUENCE = 0x30;
    private static final int OCTET_STRING = 0x04;
    private static final int CURVE = 0xa0; // [0] of RFC 5915
    private static final int LONG_LENGTH = 0x80;

    private static final byte[] VERSION_0 = {2, 1, 0};
    /** AlgorithmIdentifier of 1.2.840.113549.1.1.1, rsaEncryption, with NULL. */
    private static final byte[] RSA = {
        0x30, 0x0d, 0x06, 0x09, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00
    };
    /** 1.2.840.10045.2.1, id-ecPublicKey. */
    private static final byte[] EC = {0x06, 0x07, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 0x02, 0x01};

    private record Block(String label, byte[] content) {}

    private final List<Block> blocks = new ArrayList<>();

    /** @throws IllegalArgumentException for base64 that is none */
    Pem(String text) {
        Matcher matcher = BLOCK.matcher(text);
        while (matcher.find()) {
            String label = matcher.group(1);
            String body = matcher.group(2);
            if (label.equals("ENCRYPTED " + KEY) || body.contains("ENCRYPTED")) {
                throw new IllegalArgumentException("the private key is encrypted: give one without a passphrase");
            }
            blocks.add(new Block(label, decoded(label, body)));
        }
    }

    private static byte[] decoded(String label, String body) {
        try {
            return Base64.getMimeDecoder().decode(body);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("its " + label + " is damaged", e);
        }
    }

    /** All blocks that are certificates. */
    List<byte[]> certificates() {
        return blocks.stream()
                .filter(block -> block.label.equals(CERTIFICATE))
                .map(Block::content)
                .toList();
    }

    /**
     * The first private key as PKCS#8.
     *
     * @throws IllegalArgumentException if there is none
     */
    byte[] privateKey() {
        for (Block block : blocks) {
            switch (block.label) {
                case KEY -> {
                    return block.content;
                }
                case RSA_KEY -> {
                    return pkcs8(RSA, block.content);
                }
                case EC_KEY -> {
                    return pkcs8(element(SEQUENCE, EC, curve(block.content)), block.content);
                }
                default -> {} // a certificate, or the parameters that openssl writes before an EC key
            }
        }
        throw new IllegalArgumentException("there is no private key in it: give a PEM file");
    }

    private static byte[] pkcs8(byte[] algorithm, byte[] key) {
        return element(SEQUENCE, VERSION_0, algorithm, element(OCTET_STRING, key));
    }

    /** The curve's identifier in {@code SEQUENCE { version, OCTET STRING key, [0] { curve }, .. }}. */
    private static byte[] curve(byte[] key) {
        try {
            ByteBuffer fields = content(ByteBuffer.wrap(key));
            while (fields.hasRemaining()) {
                int tag = fields.get(fields.position()) & 0xff;
                ByteBuffer content = content(fields);
                if (tag == CURVE) {
                    byte[] curve = new byte[content.remaining()];
                    content.get(curve);
                    return curve;
                }
            }
        } catch (BufferUnderflowException | IndexOutOfBoundsException e) {
            throw new IllegalArgumentException("the EC key is damaged", e);
        }
        throw new IllegalArgumentException("the EC key does not name its curve: give it as PKCS#8");
    }

    /** What is in the element at a buffer's position, which moves behind it. */
    private static ByteBuffer content(ByteBuffer der) {
        der.get();
        int length = der.get() & 0xff;
        if (length >= LONG_LENGTH) {
            int bytes = length - LONG_LENGTH;
            length = 0;
            for (int i = 0; i < bytes; i++) {
                length = length << Byte.SIZE | der.get() & 0xff;
            }
        }
        ByteBuffer content = der.slice(der.position(), length);
        der.position(der.position() + length);
        return content;
    }

    private static byte[] element(int tag, byte[]... parts) {
        var content = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            content.writeBytes(part);
        }
        var element = new ByteArrayOutputStream();
        element.write(tag);
        int length = content.size();
        if (length < LONG_LENGTH) {
            element.write(length);
        } else {
            element.write(LONG_LENGTH + Short.BYTES);
            element.write(length >> Byte.SIZE);
            element.write(length);
        }
        element.writeBytes(content.toByteArray());
        return element.toByteArray();
    }
}
