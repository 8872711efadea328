"""What was tried on dev before the comparisons, on the page: two settings an arm, the better one taken."""

from collections.abc import Mapping, Sequence

from utils.page.tables import table

INTRO = (
    "Two settings for every arm, tried on the {n} dev questions of the classroom, with one training where there is any. "
    "**Bold**: taken. `raft`, `mixed` and `ft+rag` were asked in two ways. How adapters are trained was itself found on "
    "dev questions while the course was built, so for them more was tried than stands here. No test question chose "
    "a setting."
)


def tried(lines: Sequence[Mapping]) -> str | None:
    """A line a setting, as selection.jsonl has them. None without any."""
    if not lines:
        return None
    best = {line["system"]: max(other["all"] for other in lines if other["system"] == line["system"]) for line in lines}
    shown = [
        [
            f"`{line['system']}`",
            setting(line),
            *(f"{line[share]:.2f}" for share in ("right", "abstains_rightly")),
            f"**{line['all']:.2f}**" if line["all"] == best[line["system"]] else f"{line['all']:.2f}",
        ]
        for line in lines
    ]
    head = ["system", "setting", "right answers", "says it doesn't know, rightly", "all questions"]
    return f"{INTRO.format(n=lines[0]['n'])}\n\n{table(head, shown)}"


def setting(line: Mapping) -> str:
    """How it reads passages, or where it reads none how it was trained."""
    reading, training = line["reading"], line["training"]
    if reading:
        return f"`{reading['prompt']}`, {reading['k']} passage{'s' * (reading['k'] > 1)}"
    return f"{training['epochs']} epochs, learning rate {training['learning_rate']:g}, batches of {training['batch_size']}"
