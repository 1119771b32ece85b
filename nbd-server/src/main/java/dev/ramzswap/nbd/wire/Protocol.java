package dev.ramzswap.nbd.wire;

/**
 * The numbers of the NBD protocol, as {@code doc/proto.md} of the NBD project defines them (revision 89ba7b53, May
 * 2026), under the names that it uses. The section that each group comes from stands above it. What is not in the
 * document but our own decision is under "Our limits".
 */
public final class Protocol {
    // "Error values"
    public static final int NBD_EPERM = 1;
    public static final int NBD_EIO = 5;
    public static final int NBD_ENOMEM = 12;
    public static final int NBD_EINVAL = 22;
    public static final int NBD_ENOSPC = 28;
    public static final int NBD_EOVERFLOW = 75;
    public static final int NBD_ENOTSUP = 95;
    public static final int NBD_ESHUTDOWN = 108;

    // "base:allocation metadata context"
    public static final int NBD_STATE_HOLE = 1;
    public static final int NBD_STATE_ZERO = 1 << 1;
    public static final String BASE_ALLOCATION = "base:allocation";
    public static final String BASE_WILDCARD = "base:";

    // "Newstyle negotiation", "Fixed newstyle negotiation"
    public static final long NBDMAGIC = 0x4e42444d41474943L;
    public static final long IHAVEOPT = 0x49484156454F5054L;
    public static final long NBD_REP_MAGIC = 0x3e889045565a9L;
    /** Zeroes that end the reply to {@link #NBD_OPT_EXPORT_NAME}. */
    public static final int EXPORT_NAME_ZEROES = 124;

    public static final int OPTION_HEADER = 16;

    // "Handshake flags", "Client flags"
    public static final int NBD_FLAG_FIXED_NEWSTYLE = 1;
    public static final int NBD_FLAG_NO_ZEROES = 1 << 1;
    public static final int NBD_FLAG_C_FIXED_NEWSTYLE = 1;
    public static final int NBD_FLAG_C_NO_ZEROES = 1 << 1;

    // "Transmission flags"
    public static final int NBD_FLAG_HAS_FLAGS = 1;
    public static final int NBD_FLAG_READ_ONLY = 1 << 1;
    public static final int NBD_FLAG_SEND_FLUSH = 1 << 2;
    public static final int NBD_FLAG_SEND_FUA = 1 << 3;
    public static final int NBD_FLAG_SEND_TRIM = 1 << 5;
    public static final int NBD_FLAG_SEND_WRITE_ZEROES = 1 << 6;
    public static final int NBD_FLAG_SEND_DF = 1 << 7;
    public static final int NBD_FLAG_CAN_MULTI_CONN = 1 << 8;
    public static final int NBD_FLAG_SEND_CACHE = 1 << 10;
    public static final int NBD_FLAG_SEND_FAST_ZERO = 1 << 11;

    // "Option types"
    public static final int NBD_OPT_EXPORT_NAME = 1;
    public static final int NBD_OPT_ABORT = 2;
    public static final int NBD_OPT_LIST = 3;
    public static final int NBD_OPT_STARTTLS = 5;
    public static final int NBD_OPT_INFO = 6;
    public static final int NBD_OPT_GO = 7;
    public static final int NBD_OPT_STRUCTURED_REPLY = 8;
    public static final int NBD_OPT_LIST_META_CONTEXT = 9;
    public static final int NBD_OPT_SET_META_CONTEXT = 10;
    public static final int NBD_OPT_EXTENDED_HEADERS = 11;

    // "Option reply types"
    public static final int NBD_REP_ACK = 1;
    public static final int NBD_REP_SERVER = 2;
    public static final int NBD_REP_INFO = 3;
    public static final int NBD_REP_META_CONTEXT = 4;
    public static final int NBD_REP_ERR_UNSUP = (1 << 31) + 1;
    public static final int NBD_REP_ERR_POLICY = (1 << 31) + 2;
    public static final int NBD_REP_ERR_INVALID = (1 << 31) + 3;
    public static final int NBD_REP_ERR_TLS_REQD = (1 << 31) + 5;
    public static final int NBD_REP_ERR_UNKNOWN = (1 << 31) + 6;
    public static final int NBD_REP_ERR_SHUTDOWN = (1 << 31) + 7;
    public static final int NBD_REP_ERR_TOO_BIG = (1 << 31) + 9;

    // "Option reply types", NBD_REP_INFO
    public static final int NBD_INFO_EXPORT = 0;
    public static final int NBD_INFO_NAME = 1;
    public static final int NBD_INFO_DESCRIPTION = 2;
    public static final int NBD_INFO_BLOCK_SIZE = 3;

    // "Request message", "Simple reply message", "Structured reply chunk message"
    public static final int NBD_REQUEST_MAGIC = 0x25609513;
    public static final int NBD_SIMPLE_REPLY_MAGIC = 0x67446698;
    public static final int NBD_STRUCTURED_REPLY_MAGIC = 0x668e33ef;
    public static final int REQUEST_HEADER = 28;
    public static final int SIMPLE_REPLY_HEADER = 16;
    public static final int CHUNK_HEADER = 20;

    // "Request types"
    public static final int NBD_CMD_READ = 0;
    public static final int NBD_CMD_WRITE = 1;
    public static final int NBD_CMD_DISC = 2;
    public static final int NBD_CMD_FLUSH = 3;
    public static final int NBD_CMD_TRIM = 4;
    public static final int NBD_CMD_CACHE = 5;
    public static final int NBD_CMD_WRITE_ZEROES = 6;
    public static final int NBD_CMD_BLOCK_STATUS = 7;

    // "Command flags"
    public static final int NBD_CMD_FLAG_FUA = 1;
    public static final int NBD_CMD_FLAG_NO_HOLE = 1 << 1;
    public static final int NBD_CMD_FLAG_DF = 1 << 2;
    public static final int NBD_CMD_FLAG_REQ_ONE = 1 << 3;
    public static final int NBD_CMD_FLAG_FAST_ZERO = 1 << 4;

    // "Structured reply flags", "Structured reply types"
    public static final int NBD_REPLY_FLAG_DONE = 1;
    public static final int NBD_REPLY_TYPE_NONE = 0;
    public static final int NBD_REPLY_TYPE_OFFSET_DATA = 1;
    public static final int NBD_REPLY_TYPE_OFFSET_HOLE = 2;
    public static final int NBD_REPLY_TYPE_BLOCK_STATUS = 5;
    public static final int NBD_REPLY_TYPE_ERROR = (1 << 15) + 1;
    public static final int NBD_REPLY_TYPE_ERROR_OFFSET = (1 << 15) + 2;

    // "Size constraints": the document's defaults, which are ours too
    public static final int MINIMUM_BLOCK = 1;
    public static final int PREFERRED_BLOCK = 4096;
    public static final int MAXIMUM_PAYLOAD = 32 << 20;

    // "Conventions"
    /** Bytes of UTF-8. */
    public static final int MAXIMUM_STRING = 4096;

    // Our limits

    /** Options in one handshake; a client that sends more is cut off. */
    public static final int MAXIMUM_OPTIONS = 64;
    /** Bytes of data that an option may have; a larger one is skipped and answered by NBD_REP_ERR_TOO_BIG. */
    public static final int MAXIMUM_OPTION_DATA = 64 << 10;
    /** Bytes of data that are skipped to stay in step; a client that sends more is cut off. */
    public static final int MAXIMUM_SKIPPED_OPTION = 1 << 20;
    /**
     * Bytes of payload that are skipped to stay in step after a WRITE above {@link #MAXIMUM_PAYLOAD}, which is answered
     * by NBD_EINVAL; a client that sends more is cut off ("large enough to be deemed a denial of service attack").
     */
    public static final int MAXIMUM_SKIPPED_PAYLOAD = 2 * MAXIMUM_PAYLOAD;
    /** Descriptors in one reply to BLOCK_STATUS; the document allows 2^20. */
    public static final int MAXIMUM_EXTENTS = 16 << 10;
    /**
     * Bytes that a READ with NBD_CMD_FLAG_DF may ask for; the document demands at least 65,536. It is what a thread of
     * the slow lane reads at once.
     */
    public static final int MAXIMUM_UNFRAGMENTED = 256 << 10;

    private Protocol() {}
}
