"""The decision guide on the page: its advice in the four stories of the beginner's guide, and how far to trust it."""

from collections.abc import Mapping, Sequence

from utils.measure.decide import LEAD, Advice
from utils.measure.regret import Trial, always, lost_on_average
from utils.measure.situations import QUESTIONS, Guide, Scenario
from utils.page.tables import described, show, table, where

INTRO = (
    "From the rows of {rows}. [`decisions.yaml`](../decisions.yaml) puts the four situations in numbers. *Worth*: the "
    "share of right answers to the situation's mix of questions; where it says that a wrong answer undoes right ones, "
    "these are taken off. *Among sixteen at once*: the seconds of a batch, divided by sixteen. Money is in the currency "
    "of [`prices.yaml`](../prices.yaml). The rows rank what was measured; whether the best of it is good enough, you "
    "must say."
)
NOT_YET = (
    "How far to trust this can't be computed yet: it takes several desks, each tried with advice from the others (D1)."
)


def advice(guide: Guide, given: Sequence[Advice], experiment: str, trials: Sequence[Trial], judged: Mapping | None) -> str:
    """What the rows advise beside what the guide says. Of one desk there are no `trials` and no verdict on D1, `judged`."""
    lines = [advice_line(guide, *pair) for pair in zip(guide.scenarios, given)]
    told = table(["situation", "the guide says", "its worth", "our rows say", "its worth", "", "because"], lines)
    return "\n\n".join([INTRO.format(rows=where(experiment)), told, trust(trials, judged) if judged else NOT_YET])


def trust(trials: Sequence[Trial], judged: Mapping) -> str:
    """How far to trust such advice."""
    followed, fixed = lost_on_average(trials)
    advised = ", ".join(f"`{name}`" for name in dict.fromkeys(trial.advised for trial in trials))
    worth = "at least" if fixed - followed >= LEAD else "less than"
    return (
        f"Tried on every desk in every situation, with advice from the other desks' rows ({advised}): it loses "
        f"{followed:.3f} of the right answers against the best system there. Who always takes `{always(trials)}`, the best "
        f"single choice, found on the same trials, loses {fixed:.3f}. The difference, with its interval: "
        f"{described(judged)} (D1). That is {worth} the {LEAD:g} that we say pays for a second system; and only right "
        "answers count here, not what else a situation asks for, nor what a wrong answer undoes."
    )


def advice_line(guide: Guide, scenario: Scenario, given: Advice) -> list[str]:
    """One situation."""
    task = scenario.situation.task
    systems = guide.systems if task == QUESTIONS else guide.skills[task].systems
    worth = {standing.system: show(standing.worth) for standing in given.standings}
    theirs = next(
        (s.system for s in given.standings if systems[s.system].option == scenario.advice), None
    )  # the best first
    said = f"{given.option}, as `{given.system}`" if given.option else "nothing"
    same = "–" if given.option is None else "as the guide" if given.option == scenario.advice else "**not as the guide**"
    same += ", but too thin to be sure" if given.option and given.thin else ""
    reasons = [*given.reasons, *(f"`{name}` {why}" for name, why in given.ruled_out.items())]
    because = "; ".join([*reasons, *([given.thin] if given.thin else [])])
    return [scenario.name, scenario.advice, worth.get(theirs, "–"), said, worth.get(given.system, "–"), same, because]
