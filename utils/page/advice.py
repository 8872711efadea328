"""The decision guide on the page: its advice in the four stories of the beginner's guide, and how far to trust it."""

from collections.abc import Mapping, Sequence

from utils.measure.decide import Advice
from utils.measure.regret import Trial, always, lost_on_average
from utils.measure.situations import Guide, Scenario
from utils.page.tables import described, table, where

NOT_YET = (
    "How far to trust this can't be computed yet: it takes several desks, each tried with advice from the others (D1)."
)


def advice(guide: Guide, given: Sequence[Advice], experiment: str, trials: Sequence[Trial], judged: Mapping | None) -> str:
    """What the rows advise beside what the guide says. Of one desk there are no `trials` and no verdict on D1, `judged`."""
    lines = [advice_line(*pair) for pair in zip(guide.scenarios, given)]
    intro = (
        f"From the rows of {where(experiment)}. [`decisions.yaml`](../decisions.yaml) puts the four situations in numbers."
    )
    told = table(["situation", "the guide says", "our rows say", "", "because"], lines)
    return "\n\n".join([intro, told, trust(trials, judged) if judged else NOT_YET])


def trust(trials: Sequence[Trial], judged: Mapping) -> str:
    """How far to trust such advice."""
    followed, fixed = lost_on_average(trials)
    advised = ", ".join(f"`{name}`" for name in dict.fromkeys(trial.advised for trial in trials))
    return (
        f"Tried on every desk in every situation, with advice from the other desks' rows ({advised}): it loses "
        f"{followed:.3f} of the right answers against the best system there. Who always takes `{always(trials)}`, the best "
        f"single choice, loses {fixed:.3f}. The difference, with its interval: {described(judged)} (D1)."
    )


def advice_line(scenario: Scenario, given: Advice) -> list[str]:
    """One situation."""
    said = f"{given.option}, as `{given.system}`" if given.option else "nothing"
    same = "–" if given.option is None else "as the guide" if given.option == scenario.advice else "**not as the guide**"
    same += ", but too thin to be sure" if given.option and given.thin else ""
    reasons = [*given.reasons, *(f"`{name}` {why}" for name, why in given.ruled_out.items())]
    return [scenario.name, scenario.advice, said, same, "; ".join([*reasons, *([given.thin] if given.thin else [])])]
