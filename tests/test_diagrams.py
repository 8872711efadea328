"""The diagrams: everything stands on the sheet, nothing on anything else, and areas and marks say what they mean."""

from itertools import combinations

import matplotlib.pyplot as plt
import pytest

from utils.diagrams import Kind, draw_lora, draw_pipeline, draw_raft

LONG = "within the first sixty days after the day of the order, at the shop [2]"
KINDS = [
    Kind("the right passage among look-alikes", 3, 2, LONG, 1200),
    Kind("its passage is not there", 3, None, "I don't know.", 7),
]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def frames_of(figure):
    """(text, the box around it, frame included, in pixels) for each text."""
    figure.canvas.draw()
    texts = [text for text in figure.axes[0].texts if text.get_text()]
    return [(text.get_text(), (text.get_bbox_patch() or text).get_window_extent()) for text in texts]


@pytest.mark.parametrize(
    "draw",
    [
        draw_pipeline,
        lambda: draw_lora(1536, 576, 16),
        lambda: draw_lora(576, 1536, 16),
        lambda: draw_lora(6, 4, 2),
        lambda: draw_raft(KINDS),
    ],
)
def test_every_text_stands_on_the_sheet_and_on_no_other(draw):
    figure = draw()
    frames = frames_of(figure)
    sheet = figure.bbox
    for text, frame in frames:
        inside = frame.x0 >= sheet.x0 and frame.x1 <= sheet.x1 and frame.y0 >= sheet.y0 and frame.y1 <= sheet.y1
        assert inside, f"{text!r} leaves the sheet"
    for (one, frame), (other, place) in combinations(frames, 2):
        assert not frame.overlaps(place), f"{one!r} stands on {other!r}"


def test_the_areas_of_lora_are_to_scale():
    areas = [patch.get_width() * patch.get_height() for patch in draw_lora(1536, 576, 16).axes[0].patches]
    frozen, down, along = areas
    assert down / frozen == pytest.approx(576 * 16 / (576 * 1536))
    assert along / frozen == pytest.approx(16 * 1536 / (576 * 1536))


def test_raft_marks_the_gold_passage_alone_and_counts_each_kind():
    written = [text for text, _ in frames_of(draw_raft(KINDS))]
    assert [text for text in written if "gold" in text] == ["[2] gold"]
    assert sum("near" in text for text in written) == 5
    assert "1,200" in written and "7" in written
