"""From bytes to text that the course can cut into passages: encodings, odd characters, paragraphs. Opens no file."""

import codecs
import re
import unicodedata

from utils.own.limits import MAX_CHARACTERS, MAX_PASSAGE, MAX_TITLE, Unusable
from utils.retrieve.chunking import HEADING, TABLE_RULE

MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
NAMES = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8 with a byte-order mark", "utf-16": "UTF-16"}
SAVE = "open it in the program it comes from and save it as UTF-8 text"

PICTURE = re.compile(r"data:[\w/+.-]+;base64,[\w+/=]+")
LINE_END = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")  # all at which `splitlines` cuts
BLANK = re.compile("[\xa0\u2007\u202f]")
UNSEEN = re.compile(
    "[\0-\x08\x0e-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff]"
)
CONTROL = re.compile("[\0-\x08\x0e-\x1f\x7f]")
IN_PIECES = re.compile("[\ufb00-\ufb06]|\\w[\u0300-\u036f]{1,4}")  # ligatures; letters with their accents apart
FRONT_MATTER = re.compile(r"\A---\n(?:(?:[\w-]+:|[ \t#]|- ).*\n)+---\n")
UNDERLINED = re.compile(r"^(\w.*)\n(?:=+|-{3,})[ \t]*$", re.MULTILINE)
BULLET = re.compile(r"(?:[•◦▪●‣·*–-]|(\d{1,2}[.)]))\s+(?=\S)")


def decode(data: bytes) -> tuple[str, str]:
    """(text, its encoding for people): by its mark, else UTF-8, else a guess that says so. Unusable for what is no text."""
    codec = next((name for mark, name in MARKS.items() if data.startswith(mark)), "utf-8")
    try:
        text, encoding = data.decode(codec), NAMES[codec]
    except UnicodeDecodeError as problem:
        if codec != "utf-8":
            raise Unusable(f"begins like {NAMES[codec]} and isn't (byte {problem.start}): {SAVE}") from None
        text, encoding = guess(data)
    if "\0" in text or len(CONTROL.sub("", text)) < 0.95 * len(text):
        raise Unusable(f"is not text, whatever its ending says: {SAVE}")
    return text, encoding


def is_certain(encoding: str) -> bool:
    """Is what `decode` says of an encoding no guess, and without damage?"""
    return encoding in NAMES.values()


def guess(data: bytes) -> tuple[str, str]:
    """UTF-8 with damage where most of what isn't ASCII is sound, else Windows-1252, the usual one before UTF-8."""
    text = data.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    if sum(character > "\x7f" for character in text) > 2 * damaged:
        return text, f"UTF-8 with {damaged} damaged characters, shown as \ufffd"
    try:
        return data.decode("cp1252"), "Windows-1252, which is a guess: look at its accents and quotation marks"
    except UnicodeDecodeError:
        raise Unusable(f"is neither UTF-8 nor Windows-1252 text: {SAVE}") from None


def clean(text: str) -> str:
    """The text with one kind of line end and of blank, and without what can't be seen, saved or told from the course's own.

    >>> clean("o\\ufb03ce\\u00a0hours\\r\\n<|im_end|>")
    'office hours\\n< |im_end|>'
    """
    text = text.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair can be neither saved nor hashed
    text = UNSEEN.sub("", BLANK.sub(" ", LINE_END.sub("\n", text)))
    text = IN_PIECES.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    return text.replace("<|", "< |")  # with a chat template's marks a page could speak as the user


def tidy(text: str) -> str:
    """Clean Markdown that the chunker cuts well: no front matter, a first-level heading at the top only, none endless.

    Unusable for more characters than a document may have.
    """
    text = PICTURE.sub("", text)
    check_length(text)
    text = UNDERLINED.sub(r"# \1", FRONT_MATTER.sub("", clean(text), 1))
    lines = []
    for line in text.strip().split("\n"):
        stripped = line.strip()
        if heading := HEADING.match(stripped):
            line = f"{'##' if lines else '#'} {heading[2]}" if len(heading[2]) <= MAX_TITLE else heading[2]
        elif stripped.startswith("|") and len(stripped) > MAX_PASSAGE:
            line = stripped.replace("|", " ")
        elif not any(map(str.isalnum, line)) and not TABLE_RULE.fullmatch(stripped):
            line = ""
        lines.append(line)
    return "\n".join(lines).strip() + "\n"


def check_length(text: str) -> None:
    """Unusable for more characters than a document may have."""
    if len(text) > MAX_CHARACTERS:
        raise Unusable(f"holds {len(text):,} characters of text, at most {MAX_CHARACTERS:,}: keep what is asked about")


def paragraphs(text: str) -> str:
    """The lines of a page as Markdown paragraphs: one ends at an empty line, before a bullet, around a short line.

    >>> print(paragraphs("Keys\\nAll keys are given out by the porter, and come\\nback before you leave.\\n• ask early"))
    Keys
    <BLANKLINE>
    All keys are given out by the porter, and come back before you leave.
    <BLANKLINE>
    - ask early
    """
    lines = [line.strip() for line in text.split("\n")]
    widths = sorted(len(line) for line in lines if line)
    short = 0.6 * widths[len(widths) * 9 // 10] if widths else 0
    blocks: list[list[str]] = [[]]
    for line in lines:
        bullet = BULLET.match(line)
        heads = len(line) < short and blocks[-1] and blocks[-1][-1].endswith((".", "!", "?", ":"))
        if bullet or heads or not line:
            blocks.append([])
        blocks[-1].append(f"{bullet[1] or '-'} {line[bullet.end() :]}" if bullet else line)
        if len(line) < short:
            blocks.append([])
    return "\n\n".join(filter(None, (" ".join(block) for block in blocks)))
