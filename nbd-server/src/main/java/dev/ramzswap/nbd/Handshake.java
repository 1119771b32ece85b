package dev.ramzswap.nbd;

import static dev.ramzswap.nbd.wire.Protocol.*;

import dev.ramzswap.nbd.export.Export;
import dev.ramzswap.nbd.io.IoShare;
import dev.ramzswap.nbd.wire.Negotiated;
import dev.ramzswap.nbd.wire.OptionData;
import dev.ramzswap.nbd.wire.OptionException;
import dev.ramzswap.nbd.wire.OptionReplies;
import dev.ramzswap.nbd.wire.Outlet;
import dev.ramzswap.nbd.wire.Protocol;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLException;

/**
 * The fixed newstyle negotiation: greeting, then options until one of them (EXPORT_NAME, GO) starts the transmission
 * phase or ABORT ends it all. A malformed, unknown or refused option is answered by an error reply and the haggling
 * goes on; whoever breaks the framing or our limits is cut off, by an exception.
 */
final class Handshake {
    private final ServerContext context;
    private final ClientChannel channel;
    private final VisibleExports exports;
    private final ByteBuffer in;
    private final OptionReplies replies;
    private final MetaContexts metaContexts;
    private boolean fixedNewstyle;
    private boolean noZeroes;
    private boolean structured;
    private boolean aborted;
    private Export joined;
    private Negotiated agreed;

    /**
     * Both buffers are used in whole, and at least {@link Protocol#MAXIMUM_OPTION_DATA} large; the caller owns them.
     */
    Handshake(ServerContext context, ClientChannel channel, ByteBuffer in, ByteBuffer out) {
        this.context = context;
        this.channel = channel;
        this.in = in;
        replies = new OptionReplies(new Outlet(channel), out.clear());
        exports = new VisibleExports(context, channel.peer());
        metaContexts = new MetaContexts(exports, replies);
    }

    /** @return null if the client aborted */
    Negotiated run() throws IOException {
        greet();
        for (int options = 0; agreed == null && !aborted; options++) {
            if (options == MAXIMUM_OPTIONS) {
                throw new ProtocolException("more than " + MAXIMUM_OPTIONS + " options");
            }
            serveOption();
            replies.flush();
        }
        return agreed;
    }

    /** What the client has joined, however the handshake ended; null if nothing. */
    Export joined() {
        return joined;
    }

    private void greet() throws IOException {
        replies.greeting(NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES);
        replies.flush();
        receive(Integer.BYTES);
        int flags = in.getInt();
        if ((flags & ~(NBD_FLAG_C_FIXED_NEWSTYLE | NBD_FLAG_C_NO_ZEROES)) != 0) {
            throw new ProtocolException("unknown client flags " + Integer.toHexString(flags));
        }
        noZeroes = (flags & NBD_FLAG_C_NO_ZEROES) != 0;
        fixedNewstyle = (flags & NBD_FLAG_C_FIXED_NEWSTYLE) != 0;
        if (channel.requiresTls() && !fixedNewstyle) {
            throw new ProtocolException("TLS is required, and can be had only with fixed newstyle");
        }
    }

    private void serveOption() throws IOException {
        receive(OPTION_HEADER);
        if (in.getLong() != IHAVEOPT) {
            throw new ProtocolException("an option without its magic number");
        }
        int option = in.getInt();
        long length = Integer.toUnsignedLong(in.getInt());
        replies.begin(option);
        if (channel.requiresTls() && option != NBD_OPT_STARTTLS && option != NBD_OPT_ABORT) {
            skip(length);
            refuse(option, NBD_REP_ERR_TLS_REQD, "TLS is required");
            return;
        }
        if (length > MAXIMUM_OPTION_DATA) {
            skip(length);
            refuse(option, NBD_REP_ERR_TOO_BIG, "option data too large");
            return;
        }
        receive((int) length);
        try {
            serve(option, new OptionData(in));
        } catch (OptionException e) {
            refuse(option, e.reply(), e.getMessage());
        }
    }

    /** EXPORT_NAME has no error reply: "the server MUST terminate the session". */
    private void refuse(int option, int reply, String message) throws IOException {
        if (option == NBD_OPT_EXPORT_NAME) {
            throw new ProtocolException("EXPORT_NAME cannot be granted: " + message);
        }
        replies.error(reply, message);
    }

    private void serve(int option, OptionData data) throws IOException, OptionException {
        if (context.shuttingDown() && option != NBD_OPT_ABORT) {
            throw new OptionException(NBD_REP_ERR_SHUTDOWN, "the server is shutting down");
        }
        switch (option) {
            case NBD_OPT_EXPORT_NAME -> exportName(data);
            case NBD_OPT_ABORT -> abort();
            case NBD_OPT_LIST -> list(data);
            case NBD_OPT_STARTTLS -> startTls(data);
            case NBD_OPT_INFO -> answer(question(data));
            case NBD_OPT_GO -> go(question(data));
            case NBD_OPT_STRUCTURED_REPLY -> structuredReply(data);
            case NBD_OPT_LIST_META_CONTEXT -> metaContexts.list(data, structured);
            case NBD_OPT_SET_META_CONTEXT -> metaContexts.set(data, structured);
            default -> throw new OptionException(NBD_REP_ERR_UNSUP, "unsupported option");
        }
    }

    private void exportName(OptionData data) throws IOException, OptionException {
        Export export = exports.find(data.rest());
        join(export);
        replies.exportName(export.size(), Negotiated.transmissionFlags(export, structured), noZeroes);
        agree(export);
    }

    private void abort() throws IOException {
        replies.ack();
        aborted = true;
    }

    private void list(OptionData data) throws IOException, OptionException {
        data.end();
        for (Export export : exports.all()) {
            replies.server(export.name(), export.description());
        }
        replies.ack();
    }

    /**
     * Whoever sits between us and the client may have sent options of his own until now, and bytes behind this one:
     * what those agreed is forgotten, and these are not the beginning of a TLS handshake (CVE-2021-3716).
     */
    private void startTls(OptionData data) throws IOException, OptionException {
        data.end();
        if (channel.isSecure()) {
            throw new OptionException(NBD_REP_ERR_INVALID, "TLS has been negotiated already");
        }
        if (!channel.offersTls() || !fixedNewstyle) {
            throw new OptionException(NBD_REP_ERR_POLICY, "no TLS here");
        }
        replies.ack();
        replies.flush();
        structured = false;
        metaContexts.forget();
        context.tlsHandshakes().acquireUninterruptibly();
        try {
            channel.startTls(new IoShare(context.memory(), channel.isOwn()));
        } catch (SSLException e) {
            context.refusals().log("a TLS handshake failed: " + e.getMessage());
            throw e;
        } finally {
            context.tlsHandshakes().release();
        }
    }

    /**
     * What INFO and GO ask.
     *
     * @param infos a bit for each kind of information
     */
    private record Question(Export export, int infos) {}

    private Question question(OptionData data) throws OptionException {
        Export export = exports.find(data.string());
        int requests = 0;
        for (int count = data.unsignedShort(); count > 0; count--) {
            int type = data.unsignedShort();
            requests |= type <= NBD_INFO_BLOCK_SIZE ? 1 << type : 0;
        }
        data.end();
        return new Question(export, requests);
    }

    private void go(Question question) throws IOException, OptionException {
        join(question.export);
        answer(question);
        agree(question.export);
    }

    private void answer(Question question) throws IOException {
        Export export = question.export;
        replies.infoExport(export.size(), Negotiated.transmissionFlags(export, structured));
        if ((question.infos & 1 << NBD_INFO_NAME) != 0) {
            replies.infoText(NBD_INFO_NAME, export.name());
        }
        if ((question.infos & 1 << NBD_INFO_DESCRIPTION) != 0) {
            replies.infoText(NBD_INFO_DESCRIPTION, export.description());
        }
        if ((question.infos & 1 << NBD_INFO_BLOCK_SIZE) != 0) {
            replies.infoBlockSize();
        }
        replies.ack();
    }

    private void structuredReply(OptionData data) throws IOException, OptionException {
        data.end();
        structured = true;
        replies.ack();
    }

    /** Before the client hears that it has the export. */
    private void join(Export export) throws OptionException {
        if (!context.clientJoins(export, channel.peer())) {
            throw new OptionException(
                    NBD_REP_ERR_SHUTDOWN, "the server was told to end, and serves on only for who is attached");
        }
        joined = export;
    }

    private void agree(Export export) {
        agreed = new Negotiated(export, structured, metaContexts.selectedFor(export));
    }

    /** Exactly as many bytes: what follows an option may be a request already. */
    private void receive(int bytes) throws IOException {
        in.clear().limit(bytes);
        while (in.hasRemaining()) {
            if (channel.read(in) < 0) {
                throw new EOFException("the client left during the handshake");
            }
        }
        in.flip();
    }

    private void skip(long bytes) throws IOException {
        if (bytes > MAXIMUM_SKIPPED_OPTION) {
            throw new ProtocolException("an option of " + bytes + " bytes");
        }
        for (long left = bytes; left > 0; left -= in.limit()) {
            receive((int) Math.min(left, MAXIMUM_OPTION_DATA));
        }
    }
}
