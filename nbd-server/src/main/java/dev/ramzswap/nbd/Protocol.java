package dev.ramzswap.nbd;

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
    static final String BASE_ALLOCATION = "base:allocation";
    static final String BASE_WILDCARD = "base:";

    // "Newstyle negotiation", "Fixed newstyle negotiation"
    static final long NBDMAGIC = 0x4e42444d41474943L;
    static final long IHAVEOPT = 0x49484156454F5054L;
    static final long NBD_REP_MAGIC = 0x3e889045565a9L;
    /** Zeroes that end the reply to {@link #NBD_OPT_EXPORT_NAME}. */
    static final int EXPORT_NAME_ZEROES = 124;

    static final int OPTION_HEADER = 16;

    // "Handshake flags", "Client flags"
    static final int NBD_FLAG_FIXED_NEWSTYLE = 1;
    static final int NBD_FLAG_NO_ZEROES = 1 << 1;
    static final int NBD_FLAG_C_FIXED_NEWSTYLE = 1;
    static final int NBD_FLAG_C_NO_ZEROES = 1 << 1;

    // "Transmission flags"
    static final int NBD_FLAG_HAS_FLAGS = 1;
    static final int NBD_FLAG_READ_ONLY = 1 << 1;
    static final int NBD_FLAG_SEND_FLUSH = 1 << 2;
    static final int NBD_FLAG_SEND_FUA = 1 << 3;
    static final int NBD_FLAG_SEND_TRIM = 1 << 5;
    static final int NBD_FLAG_SEND_WRITE_ZEROES = 1 << 6;
    static final int NBD_FLAG_SEND_DF = 1 << 7;
    static final int NBD_FLAG_CAN_MULTI_CONN = 1 << 8;
    static final int NBD_FLAG_SEND_CACHE = 1 << 10;
    static final int NBD_FLAG_SEND_FAST_ZERO = 1 << 11;

    // "Option types"
    static final int NBD_OPT_EXPORT_NAME = 1;
    static final int NBD_OPT_ABORT = 2;
    static final int NBD_OPT_LIST = 3;
    static final int NBD_OPT_STARTTLS = 5;
    static final int NBD_OPT_INFO = 6;
    static final int NBD_OPT_GO = 7;
    static final int NBD_OPT_STRUCTURED_REPLY = 8;
    static final int NBD_OPT_LIST_META_CONTEXT = 9;
    static final int NBD_OPT_SET_META_CONTEXT = 10;
    static final int NBD_OPT_EXTENDED_HEADERS = 11;

    // "Option reply types"
    static final int NBD_REP_ACK = 1;
    static final int NBD_REP_SERVER = 2;
    static final int NBD_REP_INFO = 3;
    static final int NBD_REP_META_CONTEXT = 4;
    static final int NBD_REP_ERR_UNSUP = (1 << 31) + 1;
    static final int NBD_REP_ERR_POLICY = (1 << 31) + 2;
    static final int NBD_REP_ERR_INVALID = (1 << 31) + 3;
    static final int NBD_REP_ERR_TLS_REQD = (1 << 31) + 5;
    static final int NBD_REP_ERR_UNKNOWN = (1 << 31) + 6;
    static final int NBD_REP_ERR_SHUTDOWN = (1 << 31) + 7;
    static final int NBD_REP_ERR_TOO_BIG = (1 << 31) + 9;

    // "Option reply types", NBD_REP_INFO
    static final int NBD_INFO_EXPORT = 0;
    static final int NBD_INFO_NAME = 1;
    static final int NBD_INFO_DESCRIPTION = 2;
    static final int NBD_INFO_BLOCK_SIZE = 3;

    // "Request message", "Simple reply message", "Structured reply chunk message"
    static final int NBD_REQUEST_MAGIC = 0x25609513;
    static final int NBD_SIMPLE_REPLY_MAGIC = 0x67446698;
    static final int NBD_STRUCTURED_REPLY_MAGIC = 0x668e33ef;
    static final int REQUEST_HEADER = 28;
    static final int SIMPLE_REPLY_HEADER = 16;
    static final int CHUNK_HEADER = 20;

    // "Request types"
    static final int NBD_CMD_READ = 0;
    static final int NBD_CMD_WRITE = 1;
    static final int NBD_CMD_DISC = 2;
    static final int NBD_CMD_FLUSH = 3;
    static final int NBD_CMD_TRIM = 4;
    static final int NBD_CMD_CACHE = 5;
    static final int NBD_CMD_WRITE_ZEROES = 6;
    static final int NBD_CMD_BLOCK_STATUS = 7;

    // "Command flags"
    static final int NBD_CMD_FLAG_FUA = 1;
    static final int NBD_CMD_FLAG_NO_HOLE = 1 << 1;
    static final int NBD_CMD_FLAG_DF = 1 << 2;
    static final int NBD_CMD_FLAG_REQ_ONE = 1 << 3;
    static final int NBD_CMD_FLAG_FAST_ZERO = 1 << 4;

    // "Structured reply flags", "Structured reply types"
    static final int NBD_REPLY_FLAG_DONE = 1;
    static final int NBD_REPLY_TYPE_NONE = 0;
    static final int NBD_REPLY_TYPE_OFFSET_DATA = 1;
    static final int NBD_REPLY_TYPE_OFFSET_HOLE = 2;
    static final int NBD_REPLY_TYPE_BLOCK_STATUS = 5;
    static final int NBD_REPLY_TYPE_ERROR = (1 << 15) + 1;
    static final int NBD_REPLY_TYPE_ERROR_OFFSET = (1 << 15) + 2;

    // "Size constraints": the document's defaults, which are ours too
    static final int MINIMUM_BLOCK = 1;
    static final int PREFERRED_BLOCK = 4096;
    static final int MAXIMUM_PAYLOAD = 32 << 20;

    // "Conventions"
    /** Bytes of UTF-8. */
    static final int MAXIMUM_STRING = 4096;

    // Our limits

    /** Options in one handshake; a client that sends more is cut off. */
    static final int MAXIMUM_OPTIONS = 64;
    /** Bytes of data that an option may have; a larger one is skipped and answered by NBD_REP_ERR_TOO_BIG. */
    static final int MAXIMUM_OPTION_DATA = 64 << 10;
    /** Bytes of data that are skipped to stay in step; a client that sends more is cut off. */
    static final int MAXIMUM_SKIPPED_OPTION = 1 << 20;
    /**
     * Bytes of payload that are skipped to stay in step after a WRITE above {@link #MAXIMUM_PAYLOAD}, which is answered
     * by NBD_EINVAL; a client that sends more is cut off ("large enough to be deemed a denial of service attack").
     */
    static final int MAXIMUM_SKIPPED_PAYLOAD = 2 * MAXIMUM_PAYLOAD;
    /** Descriptors in one reply to BLOCK_STATUS; the document allows 2^20. */
    static final int MAXIMUM_EXTENTS = 16 << 10;
    /**
     * Bytes that a READ with NBD_CMD_FLAG_DF may ask for; the document demands at least 65,536. It is what a thread of
     * the slow lane reads at once.
     */
    static final int MAXIMUM_UNFRAGMENTED = 256 << 10;

    private Protocol() {}
}
