package dev.ramzswap.nbd;

import static dev.ramzswap.nbd.Protocol.*;

import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;

/**
 * The fixed newstyle negotiation: greeting, then options until one of them (EXPORT_NAME, GO) starts the transmission
 * phase or ABORT ends it all. A malformed, unknown or refused option is answered by an error reply and the haggling
 * goes on; whoever breaks the framing or our limits is cut off, by an exception.
 */
final class Handshake {
    private final ServerContext context;
    private final ByteChannel channel;
    private final ByteBuffer in;
    private final OptionReplies replies;
    private final MetaContexts metaContexts;
    private boolean noZeroes;
    private boolean structured;
    private boolean aborted;
    private Negotiated agreed;

    /**
     * Both buffers are used in whole, and at least {@link Protocol#MAXIMUM_OPTION_DATA} large; the caller owns them.
     */
    Handshake(ServerContext context, ByteChannel channel, ByteBuffer in, ByteBuffer out) {
        this.context = context;
        this.channel = channel;
        this.in = in;
        replies = new OptionReplies(new Outlet(channel), out.clear());
        metaContexts = new MetaContexts(context.exports(), replies);
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

    private void greet() throws IOException {
        replies.greeting(NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES);
        replies.flush();
        receive(Integer.BYTES);
        int flags = in.getInt();
        if ((flags & ~(NBD_FLAG_C_FIXED_NEWSTYLE | NBD_FLAG_C_NO_ZEROES)) != 0) {
            throw new ProtocolException("unknown client flags " + Integer.toHexString(flags));
        }
        noZeroes = (flags & NBD_FLAG_C_NO_ZEROES) != 0;
    }

    private void serveOption() throws IOException {
        receive(OPTION_HEADER);
        if (in.getLong() != IHAVEOPT) {
            throw new ProtocolException("an option without its magic number");
        }
        int option = in.getInt();
        long length = Integer.toUnsignedLong(in.getInt());
        replies.begin(option);
        if (length > MAXIMUM_OPTION_DATA) {
            skip(length);
            requireReply(option);
            replies.error(NBD_REP_ERR_TOO_BIG, "option data too large");
            return;
        }
        receive((int) length);
        try {
            serve(option, new OptionData(in));
        } catch (OptionException e) {
            requireReply(option);
            replies.error(e.reply(), e.getMessage());
        }
    }

    /** EXPORT_NAME has no error reply: "the server MUST terminate the session". */
    private static void requireReply(int option) throws IOException {
        if (option == NBD_OPT_EXPORT_NAME) {
            throw new ProtocolException("EXPORT_NAME cannot be granted");
        }
    }

    private void serve(int option, OptionData data) throws IOException, OptionException {
        if (context.shuttingDown() && option != NBD_OPT_ABORT) {
            throw new OptionException(NBD_REP_ERR_SHUTDOWN, "the server is shutting down");
        }
        switch (option) {
            case NBD_OPT_EXPORT_NAME -> exportName(data);
            case NBD_OPT_ABORT -> abort();
            case NBD_OPT_LIST -> list(data);
            case NBD_OPT_INFO -> info(data);
            case NBD_OPT_GO -> agree(info(data));
            case NBD_OPT_STRUCTURED_REPLY -> structuredReply(data);
            case NBD_OPT_LIST_META_CONTEXT -> metaContexts.list(data, structured);
            case NBD_OPT_SET_META_CONTEXT -> metaContexts.set(data, structured);
            default -> throw new OptionException(NBD_REP_ERR_UNSUP, "unsupported option"); // STARTTLS among them
        }
    }

    private void exportName(OptionData data) throws IOException, OptionException {
        Export export = find(data.rest());
        replies.exportName(export.size(), Negotiated.transmissionFlags(export, structured), noZeroes);
        agree(export);
    }

    private void abort() throws IOException {
        replies.ack();
        aborted = true;
    }

    private void list(OptionData data) throws IOException, OptionException {
        data.end();
        for (Export export : context.exports().all()) {
            replies.server(export.name(), export.description());
        }
        replies.ack();
    }

    private Export info(OptionData data) throws IOException, OptionException {
        Export export = find(data.string());
        int requests = 0;
        for (int count = data.unsignedShort(); count > 0; count--) {
            int type = data.unsignedShort();
            requests |= type <= NBD_INFO_BLOCK_SIZE ? 1 << type : 0;
        }
        data.end();
        replies.infoExport(export.size(), Negotiated.transmissionFlags(export, structured));
        if ((requests & 1 << NBD_INFO_NAME) != 0) {
            replies.infoText(NBD_INFO_NAME, export.name());
        }
        if ((requests & 1 << NBD_INFO_DESCRIPTION) != 0) {
            replies.infoText(NBD_INFO_DESCRIPTION, export.description());
        }
        if ((requests & 1 << NBD_INFO_BLOCK_SIZE) != 0) {
            replies.infoBlockSize();
        }
        replies.ack();
        return export;
    }

    private void structuredReply(OptionData data) throws IOException, OptionException {
        data.end();
        structured = true;
        replies.ack();
    }

    private Export find(String name) throws OptionException {
        Export export = context.exports().find(name);
        if (export == null) {
            throw new OptionException(NBD_REP_ERR_UNKNOWN, "no such export");
        }
        return export;
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
