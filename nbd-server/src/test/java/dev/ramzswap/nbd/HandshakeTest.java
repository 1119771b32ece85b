package dev.ramzswap.nbd;

import static dev.ramzswap.nbd.wire.Protocol.*;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.ramzswap.linux.PeerCredentials;
import dev.ramzswap.linux.ProcessId;
import dev.ramzswap.nbd.export.Export;
import dev.ramzswap.nbd.tls.Tls;
import dev.ramzswap.nbd.wire.Negotiated;
import dev.ramzswap.nbd.wire.Slots;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The negotiation, message by message; {@link HandshakeAbuseTest} has what no client may do. */
class HandshakeTest {
    private static final int RW_FLAGS = 0b1101_0110_1101;
    private static final MemoryExport FIRST = new MemoryExport("first", 1 << 20);
    private static final MemoryExport SECOND = new MemoryExport("zweites-Gerät", 2 << 20, true);

    private final ServerContext context = new ServerContext(
            new ExportTable(List.of(FIRST, SECOND)), new ConnectionMemory(Limits.DEFAULT, 1), ClientListener.NONE);
    private Tls tls;
    private ScriptedChannel channel;
    private Negotiated agreed;

    /** Plays a client that says all at once, and leaves what the server says to be read behind the greeting. */
    private ServerBytes play(Bytes client) throws IOException {
        channel = new ScriptedChannel(client.array());
        try {
            agreed = handshake().run();
        } finally {
            channel.close();
        }
        return said();
    }

    private Handshake handshake() {
        ByteBuffer in = ByteBuffer.allocateDirect(MAXIMUM_OPTION_DATA);
        return new Handshake(
                context, new ClientChannel(channel, tls, null), in, ByteBuffer.allocateDirect(MAXIMUM_OPTION_DATA));
    }

    private ServerBytes said() throws IOException {
        ServerBytes said = channel.sent();
        said.greeting();
        return said;
    }

    private static Bytes client() {
        return new Bytes().u32(NBD_FLAG_C_FIXED_NEWSTYLE | NBD_FLAG_C_NO_ZEROES);
    }

    @Test
    void exportNameWithAndWithoutZeroes() throws IOException {
        for (int flags = 0; flags < 4; flags++) {
            byte[] name = new Bytes().text("first").array();
            ServerBytes said = play(new Bytes().u32(flags).option(NBD_OPT_EXPORT_NAME, name));
            assertEquals(1 << 20, said.u64());
            assertEquals(RW_FLAGS, said.u16());
            if ((flags & NBD_FLAG_C_NO_ZEROES) == 0) {
                assertArrayEquals(new byte[124], said.bytes(124));
            }
            said.expectEnd();
            assertEquals(new Negotiated(FIRST, false, false), agreed);
        }
    }

    @Test
    void theEmptyNameIsTheFirstExport() throws IOException {
        play(client().option(NBD_OPT_EXPORT_NAME));
        assertSame(FIRST, agreed.export());
        play(client().option(NBD_OPT_GO, Bytes.go("")));
        assertSame(FIRST, agreed.export());
    }

    @Test
    void goTellsWhatIsAsked() throws IOException {
        byte[] go = Bytes.go(SECOND.name(), NBD_INFO_BLOCK_SIZE, 77, NBD_INFO_NAME, NBD_INFO_DESCRIPTION);
        ServerBytes said = play(client().option(NBD_OPT_STRUCTURED_REPLY).option(NBD_OPT_GO, go));
        assertEquals(NBD_REP_ACK, said.optionReply().type());
        int readOnlyFlags = 0b0101_1000_1111;
        expectInfo(said, new Bytes().u16(NBD_INFO_EXPORT).u64(2 << 20).u16(readOnlyFlags));
        expectInfo(said, new Bytes().u16(NBD_INFO_NAME).text("zweites-Gerät"));
        expectInfo(said, new Bytes().u16(NBD_INFO_DESCRIPTION).text("bytes for zweites-Gerät"));
        expectInfo(said, new Bytes().u16(NBD_INFO_BLOCK_SIZE).u32(1).u32(4096).u32(32 << 20));
        assertEquals(NBD_REP_ACK, said.optionReply().type());
        said.expectEnd();
        assertEquals(new Negotiated(SECOND, true, false), agreed);
    }

    private static void expectInfo(ServerBytes said, Bytes data) throws IOException {
        ServerBytes.OptionReply reply = said.optionReply();
        assertEquals(NBD_OPT_GO, reply.option());
        assertEquals(NBD_REP_INFO, reply.type());
        assertArrayEquals(data.array(), reply.data());
    }

    @Test
    void infoDoesNotStartTransmission() throws IOException {
        Bytes info = client().option(NBD_OPT_INFO, Bytes.go("first"));
        ServerBytes said = play(info.option(NBD_OPT_ABORT));
        assertEquals(NBD_REP_INFO, said.optionReply().type());
        assertEquals(NBD_REP_ACK, said.optionReply().type());
        assertEquals(NBD_OPT_ABORT, said.optionReply().option());
        said.expectEnd();
        assertNull(agreed);
    }

    @Test
    void listNamesAllExports() throws IOException {
        ServerBytes said = play(client().option(NBD_OPT_LIST).option(NBD_OPT_ABORT));
        for (Export export : List.of(FIRST, SECOND)) {
            ServerBytes.OptionReply reply = said.optionReply();
            assertEquals(NBD_REP_SERVER, reply.type());
            Bytes data = new Bytes().string(export.name()).text(export.description());
            assertArrayEquals(data.array(), reply.data());
        }
        assertEquals(NBD_REP_ACK, said.optionReply().type());
    }

    @Test
    void aListLargerThanTheBufferIsSentInPieces() throws IOException {
        List<MemoryExport> exports = IntStream.range(0, 40)
                .mapToObj(i -> new MemoryExport("n" + i + "x".repeat(4000), 4096))
                .toList();
        ServerContext many = new ServerContext(
                new ExportTable(exports), new ConnectionMemory(Limits.DEFAULT, 1), ClientListener.NONE);
        channel = new ScriptedChannel(
                client().option(NBD_OPT_LIST).option(NBD_OPT_ABORT).array());
        ByteBuffer in = ByteBuffer.allocateDirect(MAXIMUM_OPTION_DATA);
        new Handshake(many, new ClientChannel(channel, null, null), in, ByteBuffer.allocateDirect(MAXIMUM_OPTION_DATA))
                .run();
        ServerBytes said = said();
        for (int i = 0; i < exports.size(); i++) {
            assertEquals(NBD_REP_SERVER, said.optionReply().type());
        }
        assertEquals(NBD_REP_ACK, said.optionReply().type());
    }

    static Stream<Arguments> refused() {
        return Stream.of(
                arguments(NBD_OPT_STRUCTURED_REPLY, new byte[] {1}, NBD_REP_ERR_INVALID),
                arguments(NBD_OPT_STARTTLS, new byte[0], NBD_REP_ERR_POLICY),
                arguments(NBD_OPT_EXTENDED_HEADERS, new byte[0], NBD_REP_ERR_UNSUP),
                arguments(4, new byte[0], NBD_REP_ERR_UNSUP),
                arguments(0, new byte[0], NBD_REP_ERR_UNSUP),
                arguments(-1, new byte[100], NBD_REP_ERR_UNSUP),
                arguments(99, new byte[MAXIMUM_OPTION_DATA], NBD_REP_ERR_UNSUP),
                arguments(NBD_OPT_GO, new byte[MAXIMUM_SKIPPED_OPTION], NBD_REP_ERR_TOO_BIG),
                arguments(NBD_OPT_GO, Bytes.go("nobody"), NBD_REP_ERR_UNKNOWN),
                arguments(NBD_OPT_INFO, Bytes.go("First"), NBD_REP_ERR_UNKNOWN),
                arguments(NBD_OPT_GO, new byte[0], NBD_REP_ERR_INVALID),
                arguments(NBD_OPT_GO, new Bytes().string("first").u16(1).array(), NBD_REP_ERR_INVALID),
                arguments(NBD_OPT_GO, new Bytes().string("first").u16(0).u16(0).array(), NBD_REP_ERR_INVALID),
                arguments(NBD_OPT_GO, new Bytes().u32(1).raw((byte) 0xff).u16(0).array(), NBD_REP_ERR_INVALID),
                arguments(NBD_OPT_GO, Bytes.go("fir\0st"), NBD_REP_ERR_INVALID),
                arguments(NBD_OPT_GO, Bytes.go("x".repeat(4096)), NBD_REP_ERR_UNKNOWN),
                arguments(NBD_OPT_LIST_META_CONTEXT, Bytes.queries("first"), NBD_REP_ERR_INVALID),
                arguments(NBD_OPT_SET_META_CONTEXT, Bytes.queries("first"), NBD_REP_ERR_INVALID));
    }

    @ParameterizedTest
    @MethodSource("refused")
    void aRefusedOptionIsAnsweredAndTheHagglingGoesOn(int option, byte[] data, int error) throws IOException {
        Bytes client = client().option(option, data).option(NBD_OPT_GO, Bytes.go("first"));
        ServerBytes said = play(client);
        ServerBytes.OptionReply reply = said.optionReply();
        assertEquals(option, reply.option());
        assertEquals(error, reply.type());
        assertEquals(NBD_OPT_GO, said.optionReply().option());
        assertSame(FIRST, agreed.export());
    }

    static Stream<Arguments> cutOff() {
        return Stream.of(
                arguments(
                        "too much to skip",
                        client().u64(IHAVEOPT).u32(NBD_OPT_LIST).u32(MAXIMUM_SKIPPED_OPTION + 1)),
                arguments("EXPORT_NAME of nobody", client().option(NBD_OPT_EXPORT_NAME, (byte) 'x')),
                arguments("EXPORT_NAME no text", client().option(NBD_OPT_EXPORT_NAME, (byte) 0xff)),
                arguments("EXPORT_NAME too long", client().option(NBD_OPT_EXPORT_NAME, new byte[70_000])));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cutOff")
    void whoBreaksTheRulesIsCutOff(String what, Bytes client) {
        assertThrows(ProtocolException.class, () -> play(client.option(NBD_OPT_GO, Bytes.go(""))), what);
    }

    @Test
    void asManyOptionsAsAllowed() throws IOException {
        Bytes client = client();
        IntStream.range(1, MAXIMUM_OPTIONS).forEach(i -> client.option(NBD_OPT_STRUCTURED_REPLY));
        play(client.option(NBD_OPT_GO, Bytes.go("first")));
        assertTrue(agreed.structured());
    }

    @Test
    void aClientThatLeavesAnywhereIsNoHarm() {
        byte[] all = client().option(NBD_OPT_LIST)
                .option(NBD_OPT_GO, Bytes.go("first"))
                .array();
        for (int length = 0; length < all.length; length++) {
            Bytes part = new Bytes().raw(java.util.Arrays.copyOf(all, length));
            assertThrows(EOFException.class, () -> play(part));
        }
    }

    @Test
    void nothingBehindTheLastOptionIsTaken() throws IOException {
        Bytes client = client().option(NBD_OPT_GO, Bytes.go("first"));
        play(client.read(1, 0, 512));
        ByteBuffer rest = ByteBuffer.allocate(100);
        assertEquals(REQUEST_HEADER, channel.read(rest));
    }

    /** FORCEDTLS, before TLS: "erroring any NBD options other than NBD_OPT_STARTTLS or NBD_OPT_ABORT". */
    @Test
    void requiredTlsComesBeforeAllOtherOptions() throws Exception {
        tls = new Tls(SSLContext.getDefault(), false, true);
        for (int option : new int[] {3, 6, 7, 8, 9, 10, 11, 99, 0, -1}) {
            for (int length : new int[] {0, 11, MAXIMUM_OPTION_DATA + 1}) {
                ServerBytes said =
                        play(client().option(option, new byte[length]).option(NBD_OPT_ABORT));
                ServerBytes.OptionReply reply = said.optionReply();
                assertEquals(option, reply.option());
                assertEquals(NBD_REP_ERR_TLS_REQD, reply.type());
                assertEquals(NBD_REP_ACK, said.optionReply().type());
                said.expectEnd();
            }
        }
        assertThrows(ProtocolException.class, () -> play(client().option(NBD_OPT_EXPORT_NAME)));
    }

    /** "The server MUST operate in NOTLS mode unless .. the client replied with NBD_FLAG_C_FIXED_NEWSTYLE". */
    @Test
    void tlsNeedsFixedNewstyle() throws Exception {
        tls = new Tls(SSLContext.getDefault(), false, false);
        ServerBytes said = play(new Bytes().u32(0).option(NBD_OPT_STARTTLS).option(NBD_OPT_ABORT));
        assertEquals(NBD_REP_ERR_POLICY, said.optionReply().type());
        tls = new Tls(SSLContext.getDefault(), false, true);
        Bytes unfixed = new Bytes().u32(NBD_FLAG_C_NO_ZEROES).option(NBD_OPT_EXPORT_NAME);
        assertThrows(ProtocolException.class, () -> play(unfixed));
    }

    @Test
    void startTlsHasNoData() throws Exception {
        tls = new Tls(SSLContext.getDefault(), false, true);
        ServerBytes said = play(client().option(NBD_OPT_STARTTLS, (byte) 1).option(NBD_OPT_ABORT));
        assertEquals(NBD_REP_ERR_INVALID, said.optionReply().type());
        assertEquals(NBD_REP_ACK, said.optionReply().type());
    }

    /** Neither listed nor opened. */
    @Test
    void anExportThatDoesNotAdmitAClientIsClosedToIt() throws IOException {
        MemoryExport closed = new MemoryExport("closed", 4096).closed();
        ServerContext both = new ServerContext(
                new ExportTable(List.of(FIRST, closed)), new ConnectionMemory(Limits.DEFAULT, 1), ClientListener.NONE);
        PeerCredentials peer = new PeerCredentials(new ProcessId(4712, 1), 1000, 100);
        Bytes client = client().option(NBD_OPT_LIST)
                .option(NBD_OPT_STRUCTURED_REPLY)
                .option(NBD_OPT_INFO, Bytes.go("closed"))
                .option(NBD_OPT_GO, Bytes.go("closed"))
                .option(NBD_OPT_LIST_META_CONTEXT, Bytes.queries("closed"))
                .option(NBD_OPT_SET_META_CONTEXT, Bytes.queries("closed"))
                .option(NBD_OPT_GO, Bytes.go("first"));
        channel = new ScriptedChannel(client.array());
        ByteBuffer in = ByteBuffer.allocateDirect(MAXIMUM_OPTION_DATA);
        ByteBuffer out = ByteBuffer.allocateDirect(MAXIMUM_OPTION_DATA);
        agreed = new Handshake(both, new ClientChannel(channel, null, peer), in, out).run();
        ServerBytes said = said();
        assertEquals(NBD_REP_SERVER, said.optionReply().type());
        assertEquals(NBD_REP_ACK, said.optionReply().type());
        assertEquals(NBD_REP_ACK, said.optionReply().type());
        for (int refused = 0; refused < 4; refused++) {
            assertEquals(NBD_REP_ERR_POLICY, said.optionReply().type());
        }
        assertSame(FIRST, agreed.export());
        byte[] name = new Bytes().text("closed").array();
        channel = new ScriptedChannel(client().option(NBD_OPT_EXPORT_NAME, name).array());
        Handshake byName = new Handshake(both, new ClientChannel(channel, null, peer), in, out);
        assertThrows(ProtocolException.class, byName::run);
    }

    static Stream<Arguments> lists() {
        return Stream.of(
                arguments(List.of(), true),
                arguments(List.of("base:"), true),
                arguments(List.of("base:allocation"), true),
                arguments(List.of("qemu:dirty-bitmap", "base:allocation", "base:"), true),
                arguments(List.of("base:allocations"), false),
                arguments(List.of("base"), false),
                arguments(List.of("x-y:"), false));
    }

    @ParameterizedTest
    @MethodSource("lists")
    void metaContextsListed(List<String> queries, boolean found) throws IOException {
        byte[] data = Bytes.queries("", queries.toArray(String[]::new));
        assertEquals(found ? List.of(0) : List.of(), contexts(NBD_OPT_LIST_META_CONTEXT, data));
        assertFalse(agreed.blockStatus());
    }

    static Stream<Arguments> selections() {
        return Stream.of(
                arguments(List.of(), false),
                arguments(List.of("base:"), false),
                arguments(List.of("base:allocation"), true),
                arguments(List.of("base:allocation", "x:y", "base:allocation"), true),
                arguments(List.of("base:other", ""), false));
    }

    @ParameterizedTest
    @MethodSource("selections")
    void metaContextsSelected(List<String> queries, boolean found) throws IOException {
        byte[] data = Bytes.queries("", queries.toArray(String[]::new));
        List<Integer> ids = contexts(NBD_OPT_SET_META_CONTEXT, data);
        assertEquals(found ? List.of(Slots.CONTEXT_ID) : List.of(), ids);
        assertEquals(found, agreed.blockStatus());
    }

    /** Negotiates structured replies, asks, goes on with the first export. @return the ids of the contexts told */
    private List<Integer> contexts(int option, byte[] data) throws IOException {
        Bytes client = client().option(NBD_OPT_STRUCTURED_REPLY).option(option, data);
        ServerBytes said = play(client.option(NBD_OPT_GO, Bytes.go("first")));
        said.optionReply();
        List<Integer> ids = new ArrayList<>();
        ServerBytes.OptionReply reply = said.optionReply();
        for (; reply.type() == NBD_REP_META_CONTEXT; reply = said.optionReply()) {
            ids.add(ByteBuffer.wrap(reply.data()).getInt());
            assertEquals(BASE_ALLOCATION, new String(reply.data(), 4, reply.data().length - 4));
        }
        assertEquals(NBD_REP_ACK, reply.type());
        return ids;
    }

    @Test
    void aSelectionIsForOneExportAndReplacedByTheNext() throws IOException {
        byte[] allocation = Bytes.queries("first", BASE_ALLOCATION);
        byte[] unknown = Bytes.queries("nobody", BASE_ALLOCATION);
        Bytes other = client().option(NBD_OPT_STRUCTURED_REPLY).option(NBD_OPT_SET_META_CONTEXT, allocation);
        play(other.option(NBD_OPT_GO, Bytes.go(SECOND.name())));
        assertFalse(agreed.blockStatus());
        Bytes failed = client().option(NBD_OPT_STRUCTURED_REPLY).option(NBD_OPT_SET_META_CONTEXT, allocation);
        failed.option(NBD_OPT_SET_META_CONTEXT, unknown);
        play(failed.option(NBD_OPT_GO, Bytes.go("first")));
        assertFalse(agreed.blockStatus());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 15, 19, 24, 30})
    void malformedQueries(int cut) throws IOException {
        byte[] whole = Bytes.queries("first", "base:", "base:allocation");
        byte[] data = java.util.Arrays.copyOf(whole, whole.length - cut);
        byte[] tail = cut == 0 ? new byte[] {0} : new byte[0];
        byte[] malformed = new Bytes().raw(data).raw(tail).array();
        Bytes client = client().option(NBD_OPT_STRUCTURED_REPLY).option(NBD_OPT_LIST_META_CONTEXT, malformed);
        ServerBytes said = play(client.option(NBD_OPT_ABORT));
        said.optionReply();
        assertEquals(NBD_REP_ERR_INVALID, said.optionReply().type());
    }

    @Test
    void onTheWayOutOptionsAreRefused() throws IOException {
        context.shutDown();
        Bytes client = client().option(NBD_OPT_LIST).option(NBD_OPT_GO, Bytes.go("first"));
        ServerBytes said = play(client.option(NBD_OPT_ABORT));
        assertEquals(NBD_REP_ERR_SHUTDOWN, said.optionReply().type());
        assertEquals(NBD_REP_ERR_SHUTDOWN, said.optionReply().type());
        assertEquals(NBD_REP_ACK, said.optionReply().type());
        assertNull(agreed);
    }

    @Test
    void anExportTableRefusesWhatCannotBeServed() {
        for (List<MemoryExport> exports : List.of(
                List.<MemoryExport>of(),
                List.of(FIRST, FIRST),
                List.of(new MemoryExport("a\0b", 4096)),
                List.of(new MemoryExport("x".repeat(4097), 4096)),
                List.of(new MemoryExport("x", 4097)),
                List.of(new MemoryExport("x", 0)))) {
            assertThrows(IllegalArgumentException.class, () -> new ExportTable(exports));
        }
    }
}
