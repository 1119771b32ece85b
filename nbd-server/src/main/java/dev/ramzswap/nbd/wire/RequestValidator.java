package dev.ramzswap.nbd.wire;

import static dev.ramzswap.nbd.wire.Protocol.*;

import dev.ramzswap.nbd.export.ExportSession;

/**
 * Decides whether a request may be served, and if not, with which error it is answered. Checked in this order: command,
 * flags, permission, length, range; the first that fails gives the error. A request for 0 bytes is served and does
 * nothing (the document leaves it open), except BLOCK_STATUS, whose reply could not be expressed.
 */
public final class RequestValidator {
    private final long size;
    private final boolean readOnly;
    private final boolean structured;
    private final boolean blockStatus;

    public RequestValidator(Negotiated agreed) {
        size = agreed.export().size();
        readOnly = agreed.export().readOnly();
        structured = agreed.structured();
        blockStatus = agreed.blockStatus();
    }

    /** @return {@link ExportSession#OK} or an error of the protocol */
    public int check(Request request) {
        return switch (request.type) {
            case NBD_CMD_READ -> checkRead(request);
            case NBD_CMD_WRITE -> checkWrite(request);
            case NBD_CMD_FLUSH -> checkFlush(request);
            case NBD_CMD_TRIM -> checkTrim(request);
            case NBD_CMD_WRITE_ZEROES -> checkWriteZeroes(request);
            case NBD_CMD_CACHE -> unknownFlags(request, 0) || outside(request) ? NBD_EINVAL : ExportSession.OK;
            case NBD_CMD_BLOCK_STATUS -> checkBlockStatus(request);
            default -> NBD_EINVAL;
        };
    }

    private int checkRead(Request request) {
        if (unknownFlags(request, structured ? NBD_CMD_FLAG_DF : 0)) {
            return NBD_EINVAL;
        }
        if ((request.flags & NBD_CMD_FLAG_DF) != 0 && request.length > MAXIMUM_UNFRAGMENTED) {
            return NBD_EOVERFLOW;
        }
        if (request.length > MAXIMUM_PAYLOAD) {
            return structured ? NBD_EOVERFLOW : NBD_EINVAL;
        }
        return outside(request) ? NBD_EINVAL : ExportSession.OK;
    }

    private int checkWrite(Request request) {
        if (unknownFlags(request, 0)) {
            return NBD_EINVAL;
        }
        if (readOnly) {
            return NBD_EPERM;
        }
        if (request.length > MAXIMUM_PAYLOAD) {
            return NBD_EINVAL;
        }
        return outside(request) ? NBD_ENOSPC : ExportSession.OK;
    }

    private int checkFlush(Request request) {
        boolean invalid = unknownFlags(request, 0) || request.offset != 0 || request.length != 0;
        return invalid ? NBD_EINVAL : ExportSession.OK;
    }

    private int checkTrim(Request request) {
        if (unknownFlags(request, 0)) {
            return NBD_EINVAL;
        }
        if (readOnly) {
            return NBD_EPERM;
        }
        return outside(request) ? NBD_EINVAL : ExportSession.OK;
    }

    private int checkWriteZeroes(Request request) {
        if (unknownFlags(request, NBD_CMD_FLAG_NO_HOLE | NBD_CMD_FLAG_FAST_ZERO)) {
            return NBD_EINVAL;
        }
        if (readOnly) {
            return NBD_EPERM;
        }
        return outside(request) ? NBD_ENOSPC : ExportSession.OK;
    }

    private int checkBlockStatus(Request request) {
        boolean invalid =
                !blockStatus || unknownFlags(request, NBD_CMD_FLAG_REQ_ONE) || request.length == 0 || outside(request);
        return invalid ? NBD_EINVAL : ExportSession.OK;
    }

    /** FUA is valid for all commands: "the server MUST accept all commands with this bit set". */
    private static boolean unknownFlags(Request request, int known) {
        return (request.flags & ~(known | NBD_CMD_FLAG_FUA)) != 0;
    }

    private boolean outside(Request request) {
        return request.offset < 0 || request.offset > size - request.length;
    }
}
