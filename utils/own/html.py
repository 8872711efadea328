"""HTML to Markdown by the standard library's parser: an event at a time, so that no nesting is too deep."""

from html.parser import HTMLParser

from utils.own.markdown import Writer

PREFIXES = {"title": "# ", "li": "- ", "dd": "- "} | {f"h{level}": "#" * level + " " for level in range(1, 7)}
INSIDE = {  # a line; every other tag begins a paragraph
    *("a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "del", "em", "font", "i", "img", "ins", "kbd", "label"),
    *("mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "u", "var", "wbr"),
}
UNREAD = ("script", "style")


class Reader(HTMLParser):
    """Tells a Writer what stands on the page; scripts and styles are left out."""

    def __init__(self):
        super().__init__()
        self.writer, self.unread = Writer(), False

    def handle_starttag(self, tag: str, attrs: list) -> None:
        """A tag opens."""
        self.unread = self.unread or tag in UNREAD
        if tag in ("td", "th"):
            self.writer.start_cell(tag == "th")
        elif tag == "tr":
            self.writer.end_row()
        elif tag == "table":
            self.writer.start_table()
        elif tag not in INSIDE:
            kept = "" if self.writer.words or tag == "br" else self.writer.prefix  # <li><p> is still a list item
            self.writer.start(PREFIXES.get(tag, kept))

    def handle_endtag(self, tag: str) -> None:
        """A tag closes."""
        self.unread = self.unread and tag not in UNREAD
        if tag == "tr":
            self.writer.end_row()
        elif tag == "table":
            self.writer.start_table()
        elif tag not in INSIDE:
            self.writer.start()

    def handle_data(self, data: str) -> None:
        """Text, with its entities resolved."""
        if not self.unread and (self.writer.words or data.strip()):
            self.writer.say(data)


def html_to_markdown(data: bytes) -> str:
    """The page's headings, paragraphs, list items and tables. `data` is UTF-8."""
    reader = Reader()
    reader.feed(data.decode("utf-8"))
    reader.close()
    return reader.writer.markdown()
