"""PDF to Markdown by pypdf. The format is a language with a hundred traps: call it in a child process under limits only."""

import re
from io import BytesIO

from pypdf import PageObject, PdfReader
from pypdf.errors import DependencyError

from utils.own.limits import MAX_PAGES, Unusable
from utils.own.text import clean, paragraphs

HYPHENATED = re.compile(r"(?<=[a-z])[-\xad]\n(?=[a-z])")  # also mends what was meant: "twenty-\ntwo" loses its hyphen
GAP = re.compile(r"(?<=\S) {4,}(?=\S)")  # between two cells of a row


def pdf_to_markdown(data: bytes) -> tuple[str, str]:
    """(the text of all pages as paragraphs, what is to be said of pages without any); a PDF marks no headings.

    Unusable where it is locked, too long, or a scan. What pypdf raises on a broken file passes through.
    """
    reader = PdfReader(BytesIO(data))
    try:
        locked = reader.is_encrypted and not reader.decrypt("")
    except DependencyError:  # AES, which pypdf leaves to another package
        locked = True
    if locked:
        raise Unusable("is protected by a password: open it, and save or print it as a PDF without one")
    if len(reader.pages) > MAX_PAGES:
        raise Unusable(f"has {len(reader.pages):,} pages, at most {MAX_PAGES}: save the ones asked about")
    pages = [lines_of(page) for page in reader.pages]
    without = sum(not any(map(str.isalnum, page)) for page in pages)
    if without == len(pages):
        raise Unusable("holds no text, only pictures of it (a scan?): run text recognition (OCR) over it and save it again")
    told = f"holds no text on {without} of {len(pages)} pages: unless they are blank, run text recognition (OCR) over them"
    return "\n\n".join(paragraphs(clean(HYPHENATED.sub("", page))) for page in pages), told if without else ""


def lines_of(page: PageObject) -> str:
    """The lines of a page, a table's row as `- cell, cell`; as they are stored where it is set in columns, or turned."""
    stored = page.extract_text()
    lines = page.extract_text(extraction_mode="layout", layout_mode_space_vertically=False).split("\n")
    cells = [[cell for cell in GAP.split(line.strip())] for line in lines]
    in_columns = sum(len(row) > 1 and all(len(cell.split()) > 3 for cell in row) for row in cells)
    if in_columns > len(lines) / 4 or len("".join(stored.split())) > len("".join("".join(lines).split())):
        return stored
    return "\n".join(f"\n- {', '.join(row)}\n" if len(row) > 1 else row[0] for row in cells)
