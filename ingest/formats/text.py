"""Decode the bytes of a feed.

A declared encoding and a byte order mark are believed. Other feeds are UTF-8 until a byte does not
fit; only then is the encoding known to be another. Where UTF-8 letters came before, the feed stays
UTF-8 and the byte is read as Windows-1252. Else the encoding is detected, and all is read in it
but the lines that are UTF-8. So nothing is lost, however late the first letter with an accent is.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from houndstooth.ingest.formats.source import read_block
from houndstooth.mappings.errors import InvalidFeed

BLOCK = 1 << 17
MAX_LINE = 1 << 24
"""Maximum length of a line in characters; a longer one is cut."""

_WINDOWS = "cp1252"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Encodings of exports. Without a choice the detector takes short texts for rarer ones.
_DETECTED = (
    *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258"),
    *("koi8-r", "cp874", "cp932", "cp949", "gb18030", "big5hkscs", "euc_jis_2004"),
)
_CONFIDENT = 0.02
_SINGLE_BYTE = re.compile(r"cp12\d\d|koi8|cp874|iso8859|mac")
_BROKEN = re.compile("[\udc80-\udcff]")
_LETTER = re.compile("[^\0-\x7f]")
# Windows-1250 letters such as ł and ż, read as Windows-1252.
_SYMBOL_IN_WORD = re.compile(r"[^\W\d_][¹³¿¼¾][^\W\d_]|(?<![^\W\d_])[¯][^\W\d_]")
_NOTICES = re.compile(
    r"(?:\s*(?:<br />\s*)?(?:<b>|PHP )?(?:Notice|Warning|Deprecated|Strict Standards)(?:</b>)?: "
    r"[^\n]* on line (?:<b>)?\d+(?:</b>)?(?:<br />)?[ \r]*\n)+"
)
_XML_ENCODING = re.compile(rb"<\?xml[^>]{0,100}?\sencoding\s*=\s*[\"']([\w.:-]+)[\"']")


class Decoder:
    """Decodes blocks of bytes; ``encoding`` and ``broken`` tell what was found until now.

    Attributes:
        encoding: Python's name of the encoding.
        detected: Whether nothing declared the encoding.
        broken: Number of characters that did not fit the encoding and were replaced.
    """

    def __init__(self, head: bytes, declared: str | None = None) -> None:
        mark, marked = next(
            ((mark, name) for mark, name in _MARKS if head.startswith(mark)), (b"", None)
        )
        named = declared_in_xml(head) if declared is None else known_encoding(declared)
        if named in ("utf-16", "utf-32"):  # Python's decoders of these want a mark
            named = _evident(head) or f"{named}-le"
        self.encoding = marked or named or _evident(head) or "utf-8"
        self.detected = not (marked or named)
        self.broken = 0
        # An XML declaration may say UTF-8 and be wrong.
        self._certain = bool(marked or declared)
        self._skip = len(mark)
        self._rest = b""
        self._decoder = self._make_decoder()

    def decode(self, data: bytes, final: bool = False) -> str:
        """Decode the next block; bytes at its end may wait for the next one."""
        data, self._rest = self._rest + data[self._skip :], b""
        self._skip = 0
        if self._decoder is not None:
            return self._count(self._decoder.decode(data, final))
        if not final:
            cut = _last_character(data)
            data, self._rest = data[:cut], data[cut:]
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return self._decode_broken(data)
        self._certain = self._certain or not text.isascii()
        return text

    def describe(self) -> str:
        """Describe the encoding for people, such as ``Windows-1252 (detected)``."""
        detected = " (detected)" if self.detected and self.encoding != "utf-8" else ""
        broken = f", {self.broken} characters that are not in it" if self.broken else ""
        return _label(self.encoding) + detected + broken

    def _decode_broken(self, data: bytes) -> str:
        if self.encoding == "utf-8":
            text = data.decode(errors="surrogateescape")
            broken = len(_BROKEN.findall(text))
            letters = len(_LETTER.findall(text)) - broken
            if self._certain or letters > broken:
                self._certain = True
                self.broken += broken
                return _BROKEN.sub(_windows_letter, text)
            self.encoding, self.detected = detect(data), True
            self._decoder = self._make_decoder()
            if self._decoder is not None:
                return self._count(self._decoder.decode(data))
        return "".join(map(self._decode_line, data.splitlines(keepends=True)))

    def _decode_line(self, line: bytes) -> str:
        try:
            return line.decode()
        except UnicodeDecodeError:
            return self._count(line.decode(self.encoding, "replace"))

    def _count(self, text: str) -> str:
        self.broken += text.count("\ufffd")
        return text

    def _make_decoder(self) -> codecs.IncrementalDecoder | None:
        """Make Python's decoder, for encodings in which a line cannot be UTF-8 by chance."""
        if self.encoding == "utf-8" or (self.detected and _SINGLE_BYTE.match(self.encoding)):
            return None
        return codecs.getincrementaldecoder(self.encoding)("replace")


class TextSource:
    """The text of a feed, block by block.

    Args:
        stream: The feed's bytes.
        head: The first bytes, to tell the encoding by; the stream gives them once more.
        encoding: The declared encoding, or None.

    Attributes:
        decoder: The decoder, which knows the encoding.
        failure: Why the stream cannot be read any further, or None.
    """

    def __init__(self, stream: BinaryIO, head: bytes, encoding: str | None = None) -> None:
        self.decoder = Decoder(head, encoding)
        self._stream = stream
        self.failure: Exception | None = None

    def blocks(self) -> Iterator[str]:
        """Decode the feed in blocks, cut anywhere."""
        while True:
            data, self.failure = read_block(self._stream, BLOCK)
            text = self.decoder.decode(data, final=not data)
            yield text
            if self.failure is not None or not data:
                return


class GrowingText:
    """A text that is read from left to right, and grows by blocks.

    Attributes:
        text: What is kept of it: all from ``at`` on, and maybe some before.
        at: Index up to which it is read.
        line: Number of the line at that index; the first line is 1.
    """

    def __init__(self, text: str, blocks: Iterator[str]) -> None:
        self.text, self.at, self.line = text, 0, 1
        self._blocks = blocks

    def grow(self) -> bool:
        """Add the next block; tell whether there was one."""
        block = next(self._blocks, None)
        if block is None:
            return False
        self.text, self.at = self.text[self.at :] + block, 0
        return True

    def go_to(self, at: int) -> None:
        """Read up to an index."""
        self.line += self.text.count("\n", self.at, at)
        self.at = at


def split_lines(blocks: Iterator[str]) -> Iterator[list[str]]:
    """Split blocks of text into lists of whole lines with their ends: LF, CRLF or CR."""
    parts: list[str] = []
    waiting = 0
    for block in blocks:
        # A CR at the end of the block may be the first half of a CRLF.
        cut = block.rfind("\n") + 1 or block.rfind("\r", 0, -1) + 1
        if not cut and waiting < MAX_LINE:
            parts.append(block)
            waiting += len(block)
            continue
        cut = cut or len(block)
        parts.append(block[:cut])
        yield list(io.StringIO("".join(parts), newline=""))
        parts, waiting = [block[cut:]], len(block) - cut
    if last := "".join(parts):
        yield list(io.StringIO(last, newline=""))


def blank_notices(text: str) -> str:
    """Blank the notices and warnings that PHP wrote before a feed; line numbers stay."""
    match = _NOTICES.match(text)
    return text if match is None else "\n" * match[0].count("\n") + text[match.end() :]


def known_encoding(name: str) -> str:
    """Return Python's name of an encoding; Latin-1 is read as Windows-1252, which includes it.

    Raises:
        InvalidFeed: There is no such encoding of text.
    """
    try:
        found = codecs.lookup(name.strip())
        "".encode(found.name)
        codecs.getincrementaldecoder(found.name)("replace").decode(b"\xff", final=True)
    except (LookupError, UnicodeError, ValueError):
        raise InvalidFeed(
            f"expected an encoding such as utf-8, windows-1252 or utf-16; got {name!r}"
        ) from None
    return {"iso8859-1": _WINDOWS, "ascii": "utf-8", "utf-8-sig": "utf-8"}.get(
        found.name, found.name
    )


def declared_in_xml(head: bytes) -> str | None:
    """Return the encoding that an XML declaration gives, if Python knows it."""
    match = _XML_ENCODING.search(head)
    try:
        name = match and known_encoding(match[1].decode())
    except InvalidFeed:
        return None
    # Where the declaration can be read as ASCII, it is not UTF-16.
    return None if name and name.startswith(("utf-16", "utf-32")) else name


def detect(data: bytes) -> str:
    """Detect the encoding of bytes that are not UTF-8; Windows-1252 if they do not tell."""
    import chardet

    lines = [line for line in data.splitlines(keepends=True) if not line.isascii()]
    sample = b"".join(lines)[:BLOCK]
    found = chardet.detect(sample, include_encodings=_DETECTED, compat_names=False)
    name = codecs.lookup(found["encoding"] or _WINDOWS).name
    western = sample.decode(_WINDOWS, "replace")
    if (found["confidence"] or 0) < _CONFIDENT or sample.decode(name, "replace") == western:
        name = _WINDOWS
    return "cp1250" if name == _WINDOWS and _SYMBOL_IN_WORD.search(western) else name


def _evident(head: bytes) -> str | None:
    """Return UTF-16 if every other byte of the beginning is mostly zero."""
    sample = head[:2048]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) * 4 < len(sample) or min(even, odd) * 10 > max(even, odd):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _last_character(data: bytes) -> int:
    """Return where to cut so that no UTF-8 character is halved."""
    for start in range(len(data) - 1, max(-1, len(data) - 4), -1):
        byte = data[start]
        if byte >= 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return start if start + length > len(data) else len(data)
        if byte < 0x80:
            break
    return len(data)


def _windows_letter(match: re.Match[str]) -> str:
    return bytes([ord(match[0]) - 0xDC00]).decode(_WINDOWS, "replace")


def _label(encoding: str) -> str:
    if match := re.fullmatch(r"cp(125\d)", encoding):
        return f"Windows-{match[1]}"
    return encoding.upper().removesuffix("-LE").removesuffix("-BE")
