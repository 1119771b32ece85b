# For nbdsh: breaks every rule of request validation of the protocol document, with a client that checks nothing itself.
# Prints "rule TAB expected TAB answered" for each. After each request, the connection must still be in step.
import os

MIB = 1 << 20
MAXIMUM_PAYLOAD = 32 * MIB
MAXIMUM_UNFRAGMENTED = MIB // 4
WRAPS = (1 << 64) - 1
DF, FUA, NO_HOLE, REQ_ONE, FAST_ZERO = (
    nbd.CMD_FLAG_DF,
    nbd.CMD_FLAG_FUA,
    nbd.CMD_FLAG_NO_HOLE,
    nbd.CMD_FLAG_REQ_ONE,
    nbd.CMD_FLAG_FAST_ZERO,
)
UNKNOWN = 0x8000
MARK = b"mark"


def attach(export, structured=True, context=nbd.CONTEXT_BASE_ALLOCATION):
    client = nbd.NBD()
    client.set_strict_mode(0)
    client.set_request_structured_replies(structured)
    if context:
        client.add_meta_context(context)
    client.set_export_name(export)
    client.connect_unix(os.environ["SOCKET"])
    return client


def answer(request):
    try:
        request()
        return "OK"
    except nbd.Error as error:
        return error.errno


def in_step(client):
    return answer(lambda: client.pread(1, 4096)) == "OK" and client.pread(len(MARK), 0) == mark


def expect(expected, kind, rule, request):
    answered = answer(lambda: request(kind.client))
    if not in_step(kind.client):
        answered += ", and the connection is not in step"
    print(f"{kind.name}: {rule}\t{expected}\t{answered}")


class Kind:
    def __init__(self, name, client):
        self.name = name
        self.client = client


def status(client, length, offset, flags=0):
    client.block_status(length, offset, lambda *_: 0, flags)


def expect_flags(kind, command, valid, request):
    for name, flag in [
        ("FUA", FUA),
        ("NO_HOLE", NO_HOLE),
        ("DF", DF),
        ("REQ_ONE", REQ_ONE),
        ("FAST_ZERO", FAST_ZERO),
        ("an unknown flag", UNKNOWN),
    ]:
        expected = "OK" if flag & (valid | FUA) else "EINVAL"
        expect(expected, kind, f"{command} with {name}", lambda c, f=flag: request(c, f))


def reads(kind, too_large, df):
    expect("OK", kind, "READ of the last byte", lambda c: c.pread(1, SIZE - 1))
    expect("OK", kind, "READ of 0 bytes", lambda c: c.pread(0, 4096))
    expect("OK", kind, "READ of the largest payload", lambda c: c.pread(MAXIMUM_PAYLOAD, 0))
    expect(too_large, kind, "READ above the largest payload", lambda c: c.pread(MAXIMUM_PAYLOAD + 1, 0))
    expect(too_large, kind, "READ of 64 MiB", lambda c: c.pread(64 * MIB, 0))
    expect("EINVAL", kind, "READ over the end", lambda c: c.pread(2, SIZE - 1))
    expect("EINVAL", kind, "READ at the end", lambda c: c.pread(1, SIZE))
    expect("EINVAL", kind, "READ at 2^63", lambda c: c.pread(1, 1 << 63))
    expect("EINVAL", kind, "READ whose end is over 2^64", lambda c: c.pread(2, WRAPS))
    expect_flags(kind, "READ", df, lambda c, flags: c.pread(4096, 4096, flags))


def writes(kind):
    expect("OK", kind, "WRITE of the last byte", lambda c: c.pwrite(b"x", SIZE - 1))
    expect("OK", kind, "WRITE of 0 bytes", lambda c: c.pwrite(b"", 4096))
    expect("OK", kind, "WRITE of the largest payload", lambda c: c.pwrite(bytes(MAXIMUM_PAYLOAD), 4096))
    expect("EINVAL", kind, "WRITE above the largest payload", lambda c: c.pwrite(bytes(MAXIMUM_PAYLOAD + 1), 4096))
    expect("ENOSPC", kind, "WRITE over the end", lambda c: c.pwrite(b"yy", SIZE - 1))
    expect("OK", kind, "a refused WRITE changes nothing", lambda c: require(c.pread(1, SIZE - 1) == b"x"))
    expect("ENOSPC", kind, "WRITE at the end", lambda c: c.pwrite(b"y", SIZE))
    expect("ENOSPC", kind, "WRITE at 2^63", lambda c: c.pwrite(b"y", 1 << 63))
    expect("ENOSPC", kind, "WRITE whose end is over 2^64", lambda c: c.pwrite(b"yy", WRAPS))
    expect_flags(kind, "WRITE", 0, lambda c, flags: c.pwrite(b"z", 8192, flags))


def require(condition):
    if not condition:
        raise AssertionError


def ranges(kind, command, outside, request, valid):
    expect("OK", kind, f"{command} of the last byte", lambda c: request(c, 1, SIZE - 1))
    expect("OK", kind, f"{command} of 0 bytes", lambda c: request(c, 0, 4096))
    expect("OK", kind, f"{command} of all but the mark", lambda c: request(c, SIZE - 4096, 4096))
    expect(outside, kind, f"{command} over the end", lambda c: request(c, 2, SIZE - 1))
    expect(outside, kind, f"{command} at the end", lambda c: request(c, 1, SIZE))
    expect(outside, kind, f"{command} whose end is over 2^64", lambda c: request(c, 2, WRAPS))
    expect_flags(kind, command, valid, lambda c, flags: request(c, 4096, 4096, flags))


def statuses(kind):
    expect("OK", kind, "BLOCK_STATUS of all", lambda c: status(c, SIZE, 0))
    expect("EINVAL", kind, "BLOCK_STATUS of 0 bytes", lambda c: status(c, 0, 4096))
    expect("EINVAL", kind, "BLOCK_STATUS over the end", lambda c: status(c, 2, SIZE - 1))
    expect("EINVAL", kind, "BLOCK_STATUS whose end is over 2^64", lambda c: status(c, 2, WRAPS))
    expect_flags(kind, "BLOCK_STATUS", REQ_ONE, lambda c, flags: status(c, 4096, 4096, flags))


structured = Kind("structured replies", attach("rw"))
SIZE = structured.client.get_size()
structured.client.pwrite(MARK, 0)
mark = MARK
reads(structured, "EOVERFLOW", DF)
expect(
    "OK", structured, "READ with DF of the largest chunk", lambda c: c.pread(MAXIMUM_UNFRAGMENTED, 0, DF)
)
expect(
    "EOVERFLOW", structured, "READ with DF above the largest chunk", lambda c: c.pread(MAXIMUM_UNFRAGMENTED + 1, 0, DF)
)
writes(structured)
ranges(structured, "TRIM", "EINVAL", lambda c, *a: c.trim(*a), 0)
ranges(structured, "CACHE", "EINVAL", lambda c, *a: c.cache(*a), 0)
ranges(structured, "WRITE_ZEROES", "ENOSPC", lambda c, *a: c.zero(*a), NO_HOLE | FAST_ZERO)
expect_flags(structured, "FLUSH", 0, lambda c, flags: c.flush(flags))
statuses(structured)

simple = Kind("simple replies", attach("rw", structured=False))
reads(simple, "EINVAL", 0)
writes(simple)
no_context = Kind("no meta context", attach("rw", context=None))
for kind in simple, no_context:
    expect("EINVAL", kind, "BLOCK_STATUS", lambda c: status(c, 4096, 0))

read_only = Kind("read-only", attach("ro"))
mark = bytes(len(MARK))
reads(read_only, "EOVERFLOW", DF)
statuses(read_only)
expect("EPERM", read_only, "WRITE", lambda c: c.pwrite(b"x", 0))
expect("EPERM", read_only, "WRITE over the end", lambda c: c.pwrite(b"xx", SIZE - 1))
expect("EPERM", read_only, "WRITE above the largest payload", lambda c: c.pwrite(bytes(MAXIMUM_PAYLOAD + 1), 0))
expect("EPERM", read_only, "TRIM", lambda c: c.trim(4096, 0))
expect("EPERM", read_only, "WRITE_ZEROES", lambda c: c.zero(4096, 0))
expect("EINVAL", read_only, "WRITE_ZEROES with an unknown flag", lambda c: c.zero(4096, 0, UNKNOWN))
expect("OK", read_only, "FLUSH", lambda c: c.flush())
expect("OK", read_only, "CACHE", lambda c: c.cache(SIZE, 0))
for kind in structured, simple, no_context, read_only:
    kind.client.shutdown()
