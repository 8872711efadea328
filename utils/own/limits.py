"""How much of a stranger's folder is taken on, each limit with its reason; and how it is said that something was not."""

from collections.abc import Sequence
from dataclasses import dataclass

MIB = 2**20
KINDS = {".md": "md", ".markdown": "md", ".txt": "txt", ".html": "html", ".htm": "html", ".docx": "docx", ".pdf": "pdf"}

# the folder
MAX_ENTRIES = 20_000  # names looked at: a home folder given by mistake ends here
MAX_DEPTH = 8  # folders within folders
MAX_FILES = 300  # twice the documents of Larkspur, the course's own company
MAX_PASSAGES = 6000  # of all documents: four times Larkspur's, some minutes until they are indexed on two cores
MIN_PASSAGES = 6  # `raft` practises with three passages in front of it and three more to choose from

# a file
MAX_FILE_BYTES = 20 * MIB  # a long report with pictures
MAX_CHARACTERS = 300_000  # of text: a book of 150 pages
MAX_PAGES = 300  # of a PDF, which takes about a tenth of a second a page
MAX_XML_BYTES = 30 * MIB  # of a DOCX's text with its markup, unpacked: a thousand pages
MAX_RATIO = 200  # of unpacked to packed; text as people write it packs to a tenth
MAX_SECONDS = 60  # until a file is read
MAX_MEMORY = 1024 * MIB  # that reading it may take
MAX_TITLE = 120  # characters: title and heading stand in front of every passage
MAX_PASSAGE = 600  # characters: a sentence of a hundred words; what goes on longer is cut, or it would fill the prompt

# the questions
MAX_CSV_BYTES = 5 * MIB
MAX_QUESTIONS = 1000  # each is answered by every system: a second or two each
MAX_QUESTION = 600  # characters: what the embedder reads of it
MAX_ANSWER_WORDS = 20  # no system says more than 32 tokens


class Unusable(ValueError):
    """What a file or a row can't be used for, and the way out. The message goes after the name of the file or row."""


@dataclass(frozen=True)
class Remark:
    """Something to tell about a file or a row (`place`): it was left out, or it was used with a reservation.

    `misread`: much of a file that was used may be wrong or missing, so that a report begins with it.
    """

    place: str
    text: str
    left_out: bool
    misread: bool = False


def listed(remarks: Sequence[Remark]) -> str:
    """The first ten remarks, for the end of an error's message: a line each."""
    return "".join(f"\n- {remark.place} {remark.text}" for remark in remarks[:10])


def show(name: str, most: int = MAX_TITLE) -> str:
    """A stranger's words inside a message: on one line, cut, and what can't be printed as U+FFFD. Not escaped for HTML.

    >>> show("evil\\u202ename\\n.md")
    'evil\ufffdname .md'
    """
    line = "".join(character if character.isprintable() else "\ufffd" for character in " ".join(name.split()))
    return line if len(line) <= most else line[: most - 1] + "…"
