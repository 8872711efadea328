"""Writes Markdown from what a reader of HTML or DOCX meets: text, paragraphs, tables. Knows neither format."""

from utils.own.limits import MAX_PASSAGE


class Writer:
    """Takes events in reading order, nested to any depth and closed or not; `markdown()` is what came of them."""

    def __init__(self):
        self.written: list[str] = []
        self.words: list[str] = []
        self.prefix = ""
        self.row: list[list[str]] = []  # the paragraphs of its cells; empty between two rows
        self.headers = self.headed = False  # all cells of this row are headers; the table so far began with such a row

    def say(self, text: str) -> None:
        """More of the current paragraph."""
        self.words.append(text)

    def start(self, prefix: str = "") -> None:
        """End the paragraph; the next one begins with the prefix, like `## ` or `- `."""
        if text := " ".join("".join(self.words).split()):
            (self.row[-1].append if self.row else self.write)(self.prefix + text)
        self.words, self.prefix = [], prefix

    def write(self, block: str) -> None:
        """Put down a finished paragraph, bullet or table."""
        self.written += ["\n\n", block]

    def start_table(self) -> None:
        """A table begins or ends. Within another one, it takes its place: what surrounds it is layout."""
        self.end_row()
        self.headed = False

    def start_cell(self, header: bool) -> None:
        """The next cell of the row."""
        self.start()
        self.headers = header and (self.headers or not self.row)
        self.row.append([])

    def end_row(self) -> None:
        """Write the row: below a header as a table's, else as a bullet; one too long for a passage, as paragraphs."""
        self.start()
        row, self.row = self.row, []
        cells = [" ".join(cell).replace("|", "/") for cell in row]
        if sum(map(len, cells)) > MAX_PASSAGE / 2:
            self.headed = False
            for paragraph in (paragraph for cell in row for paragraph in cell):
                self.write(paragraph)
        elif any(cells) and self.headed:
            self.written.append(f"\n| {' | '.join(cells)} |")
        elif any(cells) and self.headers:
            self.headed = True
            self.write(f"| {' | '.join(cells)} |\n{'|---' * len(cells)}|")
        elif any(cells):
            self.write("- " + ", ".join(filter(None, cells)))

    def markdown(self) -> str:
        """Everything so far."""
        self.end_row()
        return "".join(self.written)
