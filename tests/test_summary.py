"""The table says what the rows say: every number again by hand, on rows few enough to count."""

import pytest

from utils.measure.evaluation import Estimate
from utils.measure.summary import COLUMNS, median, show, summarise, to_markdown

EVIDENCE = {"q1": ["leave"], "q2": ["pay"], "q3": ["pay"], "u1": []}
CLUSTERS = {"q1": "leave", "q2": "pay", "q3": "pay", "u1": "u1"}


def row(system, question_id, after, correct, **more):
    """q1 is changed by the revision, q3 is taken away by it, u1 has no answer."""
    answered = question_id != "u1" and not (after and question_id == "q3")
    defaults = {
        "system": system, "seed": None, "question_id": question_id, "after": after, "both_versions": False,
        "correct": correct, "em": 0.0 if answered else None, "stale": None, "abstained": False, "cited": None,
        "gold_retrieved": None, "answer": "two words", "retrieve_s": None, "prefill_s": None, "decode_s": None,
    }  # fmt: skip
    return {**defaults, **more}


def rag_rows():
    seconds = {"retrieve_s": 0.1, "prefill_s": 0.2, "decode_s": 0.3}
    return [
        row("rag", "q1", False, True, cited=["leave"], gold_retrieved=True, answer="one", **seconds),
        row("rag", "q2", False, False, cited=["leave", "pay"], gold_retrieved=True, answer="a b c d", **seconds),
        row("rag", "q3", False, False, cited=[], gold_retrieved=False, abstained=True, prefill_s=1.0),
        row("rag", "u1", False, True, cited=[], abstained=True, decode_s=2.0),
        row("rag", "q1", True, True, stale=False),
        row("rag", "q2", True, True),
        row("rag", "q3", True, False, stale=True),
        row("rag", "u1", True, False),
    ]


def base_rows():
    questions = [(question, after) for after in (False, True) for question in EVIDENCE]
    return [row("base", q, after, False, stale=False if after and q in ("q1", "q3") else None) for q, after in questions]


def test_every_share_agrees_with_counting():
    line = summarise(rag_rows(), EVIDENCE, CLUSTERS).loc["rag"]
    shares = {name: (cell.value, cell.n) for name, cell in line.items() if isinstance(cell, Estimate)}
    assert shares == {
        "right": (pytest.approx(1 / 3), 3),
        "right where found": (0.5, 2),
        "right then": (1.0, 1),  # q1
        "new": (1.0, 1),
        "stale": (0.5, 2),
        "abstains rightly": (1.0, 1),
        "abstains wrongly": (pytest.approx(1 / 3), 3),
        "citation precision": (0.75, 2),  # 1 and 1/2; nothing cited has no precision
        "citation recall": (pytest.approx(2 / 3), 3),
    }
    assert line["words"] == 2 and line["seconds"] == pytest.approx((0.6 + 1.0) / 2)


def test_what_does_not_apply_to_a_system_stays_empty():
    line = summarise(base_rows(), EVIDENCE, CLUSTERS).loc["base"]
    nothing = Estimate(None, None, None, 0)
    assert line["citation precision"] == line["citation recall"] == line["right where found"] == nothing


def test_systems_stand_in_order_of_appearance_and_labels_carry_the_numbers():
    rows = base_rows() + rag_rows()
    table = summarise(rows, EVIDENCE, CLUSTERS)
    assert list(table.index) == ["base", "rag"] and set(table.columns) <= set(COLUMNS)
    swapped = [{**line, "system": {"rag": "base", "base": "rag"}[line["system"]]} for line in rows]
    turned = summarise(swapped, EVIDENCE, CLUSTERS)
    assert turned.loc["base", "right"] == table.loc["rag", "right"] != table.loc["base", "right"]


def test_systems_that_answered_different_questions_get_no_table():
    with pytest.raises(ValueError, match="answered different questions"):
        summarise(base_rows()[1:] + rag_rows(), EVIDENCE, CLUSTERS)


def test_the_markdown_table_has_a_line_a_system_and_a_cell_a_column():
    columns = ("right", "words", "citation recall")
    text = to_markdown(summarise(base_rows() + rag_rows(), EVIDENCE, CLUSTERS), columns)
    lines = [line.strip("|").split("|") for line in text.splitlines()]
    assert [cell.strip() for cell in lines[0]] == ["system", *(COLUMNS[name] for name in columns)]
    assert [line[0].strip() for line in lines[2:]] == ["`base`", "`rag`"]
    assert lines[2][3].strip() == "–" and lines[3][1].strip().startswith("0.33 [0.") and lines[3][2].strip() == "2"
    assert len({len(line) for line in lines}) == 1


@pytest.mark.parametrize(("cell", "text"), [(None, "–"), (float("nan"), "–"), (0.0312, "0.031"), (3.0, "3")])
def test_a_cell_is_short_and_never_a_false_zero(cell, text):
    assert show(cell) == text


@pytest.mark.parametrize(("values", "middle"), [([], None), ([3], 3), ([5, 1, 3], 3), ([4, 1, 3, 2], 2.5)])
def test_the_median_is_the_middle(values, middle):
    assert median(iter(values)) == middle
