"""Request bodies that arrive compressed."""

import zlib

from fake_sendgrid.wire.connection import MAX_BODY_BYTES
from fake_sendgrid.wire.request import Request

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


def unpack_body(request: Request) -> None:
    """Replace a gzip body by its content; one that unpacks beyond the limit is too large, a broken one stays."""
    if request.headers.get("content-encoding", "").lower() != "gzip":
        return
    unpacker = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        body = unpacker.decompress(request.body, MAX_BODY_BYTES + 1)
    except zlib.error:
        return
    request.too_large = request.too_large or len(body) > MAX_BODY_BYTES
    request.body = body
