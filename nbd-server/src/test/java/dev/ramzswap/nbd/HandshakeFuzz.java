package dev.ramzswap.nbd;

import static dev.ramzswap.nbd.wire.Protocol.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ramzswap.nbd.wire.Negotiated;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * Whatever a client says in its handshake, it is answered option by option, each in full, or cut off by one of the
 * protocol's own exceptions; and what follows the last option is left for the transmission.
 *
 * <p>The input's first byte: how many bytes arrive at once, and whether the server is shutting down. The rest: what the
 * client says. Run by {@code ./ramzswap fuzz} (docs/testing.md), its corpus by {@link FuzzCorpusTest}.
 */
public final class HandshakeFuzz {
    private static final List<MemoryExport> EXPORTS =
            List.of(new MemoryExport("first", 1 << 16), new MemoryExport("second", 8192, true));
    private static final ServerContext SERVING = context();
    private static final ServerContext ENDING = context();
    private static final ByteBuffer IN = ByteBuffer.allocateDirect(MAXIMUM_OPTION_DATA);
    private static final ByteBuffer OUT = ByteBuffer.allocateDirect(MAXIMUM_OPTION_DATA);

    static {
        ENDING.shutDown();
    }

    private HandshakeFuzz() {}

    private static ServerContext context() {
        return new ServerContext(
                new ExportTable(EXPORTS), new ConnectionMemory(Limits.DEFAULT, 1), ClientListener.NONE);
    }

    public static void fuzzerTestOneInput(byte[] input) throws IOException {
        if (input.length == 0) {
            return;
        }
        ServerContext context = input[0] < 0 ? ENDING : SERVING;
        byte[] client = Arrays.copyOfRange(input, 1, input.length);
        ScriptedChannel channel = new ScriptedChannel(client, ScriptedChannel.every(1 + (input[0] & 0x7f), client));
        Negotiated agreed = null;
        try {
            agreed = new Handshake(context, new ClientChannel(channel, null, null), IN, OUT).run();
        } catch (ProtocolException | EOFException e) {
            assertNull(agreed);
        }
        assertTrue(agreed == null || EXPORTS.contains(agreed.export()));
        int answered = checkReplies(client, new ByteArrayInputStream(channel.sentBytes()));
        if (agreed != null) {
            int left = 0;
            for (int read; (read = channel.read(ByteBuffer.allocate(4096))) >= 0; ) {
                left += read;
            }
            assertEquals(client.length - answered, left, "bytes behind the last option");
        }
    }

    /** Each reply must be for the next option that was sent. @return where the options end that were answered */
    private static int checkReplies(byte[] client, ByteArrayInputStream sent) throws IOException {
        ServerBytes said = new ServerBytes(sent);
        said.greeting();
        ByteBuffer options = ByteBuffer.wrap(client);
        int end = Integer.BYTES;
        for (int count = 0; sent.available() > 0; count++) {
            assertTrue(count < MAXIMUM_OPTIONS);
            assertEquals(IHAVEOPT, options.getLong(end));
            int option = options.getInt(end + 8);
            end += OPTION_HEADER + options.getInt(end + 12);
            assertTrue(end <= client.length, "answered before it had arrived");
            if (option == NBD_OPT_EXPORT_NAME) {
                boolean noZeroes = (options.getInt(0) & NBD_FLAG_C_NO_ZEROES) != 0;
                said.bytes(Long.BYTES + Short.BYTES + (noZeroes ? 0 : EXPORT_NAME_ZEROES));
                said.expectEnd();
            } else {
                checkReply(option, said);
            }
        }
        return end;
    }

    /** Any number of replies that carry something, and one that ends the option. */
    private static void checkReply(int option, ServerBytes said) throws IOException {
        ServerBytes.OptionReply reply;
        do {
            reply = said.optionReply();
            assertEquals(option, reply.option());
        } while (reply.type() > NBD_REP_ACK);
    }
}
