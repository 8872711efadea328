"""DOCX to Markdown: two members of the zip, read in memory as XML events. Unpacks nothing to disk, expands no entity."""

import re
import zipfile
from io import BytesIO
from xml.parsers import expat

from utils.own.limits import MAX_RATIO, MAX_XML_BYTES, MIB, Unusable
from utils.own.markdown import Writer

PREFIXES = {  # of XML names; each of the two dialects has its own
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main": "w",
    "http://purl.oclc.org/ooxml/wordprocessingml/main": "w",
    "http://schemas.openxmlformats.org/markup-compatibility/2006": "mc",
}
TWICE = ("w:moveFrom", "mc:Fallback")  # what stands a second time elsewhere
AGAIN = "open it in Word or LibreOffice and save it as .docx again"


class Reader:
    """Learns the styles from `word/styles.xml`, then tells a Writer what stands in `word/document.xml`."""

    def __init__(self):
        self.writer, self.style, self.prefixes = Writer(), "", {}
        self.in_text, self.twice, self.header = False, 0, False

    def read(self, xml: bytes) -> None:
        """An XML file, an event at a time. Unusable where it has a document type: without one it can't declare entities."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartDoctypeDeclHandler = refuse
        parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = self.open, self.close, self.text
        parser.Parse(xml, True)

    def open(self, name: str, attributes: dict[str, str]) -> None:
        """An element opens."""
        name, given = short(name), {short(key): value for key, value in attributes.items()}
        self.twice += name in TWICE
        match name:
            case "w:style":
                self.style = given.get("w:styleId", "")
            case "w:name":  # in English, whatever language Word speaks
                known = re.match(r"(heading \d)|(title$)|list ", given.get("w:val", "").lower())
                self.prefixes[self.style] = "" if not known else "## " if known[1] else "# " if known[2] else "- "
            case "w:p":
                self.writer.start()
            case "w:pStyle":
                self.writer.prefix = self.prefixes.get(given.get("w:val"), "")
            case "w:numPr":
                self.writer.prefix = self.writer.prefix or "- "
            case "w:tab" | "w:br" | "w:cr":
                self.writer.say(" ")
            case "w:noBreakHyphen":
                self.writer.say("-")
            case "w:t":
                self.in_text = True
            case "w:tbl":
                self.header = False
                self.writer.start_table()
            case "w:tblLook":  # the option "header row", in words or as a bit of a number
                self.header = given.get("w:firstRow") in ("1", "true") or bool(int(given.get("w:val") or "0", 16) & 0x20)
            case "w:tblHeader":
                self.header = True
            case "w:tc":
                self.writer.start_cell(self.header and not self.writer.headed)

    def close(self, name: str) -> None:
        """An element closes."""
        name = short(name)
        self.twice -= name in TWICE
        match name:
            case "w:p":
                self.writer.start()
            case "w:t":
                self.in_text = False
            case "w:style":
                self.style = ""
            case "w:tr":
                self.writer.end_row()
                self.header = False
            case "w:tbl":
                self.writer.start_table()

    def text(self, text: str) -> None:
        """Characters between two tags."""
        if self.in_text and not self.twice:
            self.writer.say(text)


def docx_to_markdown(data: bytes) -> str:
    """The document's headings, paragraphs, list items and tables; notes, comments, headers and footers stay out.

    Unusable for an attack. What zipfile and expat raise on a broken file passes through; KeyError: no Word document.
    """
    reader = Reader()
    with zipfile.ZipFile(BytesIO(data)) as archive:
        for name in ("word/styles.xml", "word/document.xml"):
            if name in archive.namelist() or name == "word/document.xml":
                reader.read(unpack(archive, name))
    return reader.writer.markdown()


def unpack(archive: zipfile.ZipFile, name: str) -> bytes:
    """One member, in memory. Unusable where it is too large, whatever its entry claims; KeyError where it is missing."""
    about = archive.getinfo(name)
    with archive.open(about) as member:
        content = member.read(MAX_XML_BYTES + 1)
    if len(content) > MAX_XML_BYTES or about.file_size > MAX_RATIO * max(about.compress_size, 1):
        raise Unusable(
            f"unpacks to over {MAX_XML_BYTES // MIB} MiB or {MAX_RATIO} times its size, like a zip bomb: {AGAIN}"
        )
    return content


def refuse(*_: object) -> None:
    """Unusable, for a document type."""
    raise Unusable(f"declares a document type, as no Word document does and an attack by entities must: {AGAIN}")


def short(name: str) -> str:
    """`namespace name` with the namespaces in PREFIXES cut to `w:` and `mc:`."""
    space, _, local = name.rpartition(" ")
    return f"{PREFIXES.get(space, space)}:{local}"
