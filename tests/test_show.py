"""Views of one question: HTML that holds no text of a model as markup, and plain text that says the same."""

from html.parser import HTMLParser

import pytest

from utils.measure.evaluation import Condition, score
from utils.records import Answer, Chunk, Evidence, Hit, Question
from utils.show import View, show_answers, show_lines, show_passages

KILN = Chunk("kiln", 0, 38, "The large kiln is fired\non Thursdays <sic>.", "Kiln & clay")
CLAY = Chunk("clay", 0, 29, "Clay comes from Marten Quay.", "Clay")
TIN = Chunk("tin", 0, 22, "Pay into the red tin.", "Money")
RANKED = [Hit(CLAY, 0.9), Hit(TIN, 0.5), Hit(KILN, 0.25)]
QUESTION = Question(
    "club-1",
    "club-1",
    "club",
    "fact",
    "test",
    "When is the <large> kiln fired?",
    ("Thursdays",),
    ("Mondays",),
    (Evidence("kiln", "is fired\non Thursdays <sic>"),),
    ("Fridays",),
    (Evidence("kiln", "is fired on Fridays"),),
)


class Page(HTMLParser):
    """What a browser makes of it: the tags that were opened, the texts of each line of the table, what is marked."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.open, self.lines, self.marked, self.text = set(), [], [], [], ""
        self.feed(html)
        assert self.open == [], "every tag is closed again"

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        if tag == "br":
            return
        self.open.append(tag)
        if tag == "tr":
            self.lines.append([])
        if tag in ("td", "th"):
            self.lines[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if self.open[-1:] == ["mark"]:
            self.marked.append(data)
        if "tr" in self.open:
            self.lines[-1][-1] += data


def passages(text="Mondays [2]", given=2):
    return show_passages(QUESTION, Answer(text, tuple(RANKED[:given])), RANKED)


def answers(**said):
    """The view of what systems said, before and after; `said`: system → two texts."""
    rows = []
    for after in (False, True):
        hits = (Hit(KILN, 1.0), Hit(KILN, 0.5), Hit(CLAY, 0.25)) if after else (Hit(KILN, 1.0),)
        rows.append(
            [
                score(
                    Answer(texts[after], hits, retrieve_s=0.25, prefill_s=1.0, decode_s=0.5),
                    QUESTION,
                    Condition(f"{system}-{after}", system, None, after, None if system == "ft" else 1),
                    None if system == "ft" else ["kiln"] * after,
                )
                for system, texts in said.items()
            ]
        )
    return show_answers(QUESTION, *rows)


def test_the_passages_of_the_answer_stand_in_their_order_and_the_gold_one_below_at_its_place():
    _, *lines = Page(passages()._repr_html_()).lines
    assert [line[:3] for line in lines] == [
        ["[1]", "0.900", "–"],
        ["[2]", "0.500", "cited"],
        ["3", "0.250", "gold, not given to the model"],
    ]


def test_a_gold_passage_that_was_given_is_shown_once_and_nothing_below_the_given_ones():
    _, *lines = Page(passages("Thursdays [3]", given=3)._repr_html_()).lines
    assert [line[2] for line in lines] == ["–", "–", "gold, cited"]


def test_a_citation_of_a_passage_that_was_not_given_marks_none():
    _, *lines = Page(passages("Mondays [3]")._repr_html_()).lines
    assert not any("cited" in line[2] for line in lines)


def test_the_gold_quote_is_marked_across_a_line_break_and_with_characters_of_html():
    page = Page(passages()._repr_html_())
    assert page.marked == ["is fired on Thursdays <sic>"]
    assert ">>is fired on Thursdays <sic><<" in repr(passages())


@pytest.mark.parametrize("said, verdict", [("Thursdays", "right"), ("Thursdays or Mondays", "not right")])
def test_the_answer_is_marked_beside_its_text(said, verdict):
    assert f"answer: {said} ({verdict})\n" in repr(passages(said))


def test_passages_of_another_search_are_refused():
    with pytest.raises(ValueError, match="club-1: ranked must begin with the 2 passages"):
        show_passages(QUESTION, Answer("Mondays", tuple(RANKED[:2])), RANKED[::-1])


@pytest.mark.parametrize("text", ["<script>alert('x')</script>", "</td></table><b onclick='x'>", "a & b &lt; c"])
def test_no_text_becomes_markup(text):
    views = [passages(text), answers(rag=(text, text)), View({text: text}, [{text: text, "b": text}], [text])]
    for view in views:
        page = Page(view._repr_html_())
        assert page.tags <= {"p", "b", "br", "table", "thead", "tbody", "tr", "th", "td", "mark"}
        assert text in page.text and text in repr(view)


def test_every_cell_stands_in_the_plain_text_too():
    for view in (passages(), answers(rag=("Thursdays", "Fridays"), ft=("Thursdays", "Thursdays"))):
        page, text = Page(view._repr_html_()), repr(view).replace(">>", "").replace("<<", "")
        assert all(cell in text for line in page.lines for cell in line)


def test_systems_stand_side_by_side_with_verdicts_pages_and_seconds():
    view = answers(rag=("Thursdays [1]", "Fridays [1]"), ft=("Thursdays", "Thursdays"))
    head, rag, ft = Page(view._repr_html_()).lines
    assert head == ["system", "before", "after", "pages it was shown", "pages it cites", "seconds"]
    assert rag == ["rag", "Thursdays [1] (right)", "Fridays [1] (right)", "kiln, clay", "kiln", "1.75"]
    assert ft == ["ft", "Thursdays (right)", "Thursdays (the old answer)", "–", "–", "1.75"]
    assert view.head == {
        "question": QUESTION.text,
        "accepted before": "Thursdays",
        "accepted after": "Fridays",
    }


def test_to_abstain_is_told_from_a_wrong_answer():
    lines = Page(answers(rag=("I don't know.", "On Sundays."))._repr_html_()).lines
    assert lines[1][1:3] == ["I don't know. (abstains)", "On Sundays. (wrong)"]


@pytest.mark.parametrize("change", [{"system": "ft"}, {"question_id": "club-2"}, {"after": False}])
def test_rows_that_do_not_belong_together_are_refused(change):
    label = Condition("rag-before", "rag", None, False, None), Condition("rag-after", "rag", None, True, None)
    before, after = (score(Answer("Thursdays", prefill_s=1.0, decode_s=1.0), QUESTION, each, None) for each in label)
    assert show_answers(QUESTION, [before], [after]).rows
    with pytest.raises(ValueError, match="rag-before and rag-after"):
        show_answers(QUESTION, [before], [{**after, **change}])


def test_lines_of_anything_are_shown_as_texts_that_are_no_markup():
    view = show_lines([{"asked": "1 < 2?", "right": True, "n": 3}])
    assert Page(view._repr_html_()).lines[-1] == ["1 < 2?", "True", "3"] and "right: True" in repr(view)
