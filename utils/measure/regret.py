"""The decision guide judged by regret: advice from the other desks, followed on the desk that was left out.

What is lost is counted in right answers, against the best system there; and so is what somebody loses who always takes the
same system. Each desk is tried in every situation of the guide's scenarios, as far as that concerns right answers: which
share of the questions has a changed answer, and which none. Requirements, like a page beside the answer, would change who
may compete and not who is right, so they are left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from utils.measure.decide import choose
from utils.measure.evaluation import Row
from utils.measure.samples import Background, NotMeasured, Sample
from utils.measure.situations import QUESTIONS, Guide
from utils.measure.standings import Standing, measure, rank


@dataclass(frozen=True)
class Trial:
    """A desk in a situation: the system advised from the other desks, and how every system stands there."""

    desk: str
    scenario: str
    advised: str
    standings: Mapping[str, Standing]

    def lost(self, system: str) -> float:
        """The share of right answers that this system loses there against the best one."""
        return max(s.worth.value for s in self.standings.values()) - self.standings[system].worth.value


def try_out(guide: Guide, rows: Sequence[Row], about: Background) -> list[Trial]:
    """Every desk in every scenario. NotMeasured until each of several desks has rows of every system of the guide."""
    answers = {(row["desk"], row["system"]) for row in rows if "figure" not in row}
    desks = sorted({desk for desk, _ in answers})
    missing = [f"{system} on {desk}" for desk in desks for system in guide.systems if (desk, system) not in answers]
    if len(desks) < 2 or missing:
        raise NotMeasured(f"regret takes several desks and all systems; rows are of {desks}, and not of {missing}")
    trials = []
    for stream, desk in enumerate(desks):
        here = measure(guide.systems, [row for row in rows if row.get("desk") == desk], about, stream)
        there = measure(guide.systems, [row for row in rows if row.get("desk") != desk], about)  # with what things cost
        for scenario in guide.scenarios:
            plain = replace(scenario.situation, wrong_costs=0.0, task=QUESTIONS)
            standings = {standing.system: standing for standing in rank(plain, here)}
            trials.append(Trial(desk, scenario.name, choose(rank(plain, there)).system, standings))
    return trials


def always(trials: Sequence[Trial]) -> str:
    """The one system that loses least over all trials. It is chosen on the trials themselves, which favours it."""
    return min(trials[0].standings, key=lambda system: sum(trial.lost(system) for trial in trials))


def lost_on_average(trials: Sequence[Trial]) -> tuple[float, float]:
    """The share of right answers lost over all trials: (by following the guide, by always taking the same system)."""
    same = always(trials)
    followed, fixed = ([trial.lost(taken or trial.advised) for trial in trials] for taken in (None, same))
    return float(np.mean(followed)), float(np.mean(fixed))


def follow(guide: Guide, rows: Sequence[Row], about: Background) -> Sample:
    """What following the guide loses, minus what always taking the same system loses: a mean over all trials."""
    trials = try_out(guide, rows, about)
    same = always(trials)
    gaps = [(trial.standings[same].worth, trial.standings[trial.advised].worth) for trial in trials]
    value = float(np.mean([fixed.value - advised.value for fixed, advised in gaps]))
    draws = np.mean([fixed.draws - advised.draws for fixed, advised in gaps], axis=0)
    n = sum({trial.desk: advised.n for trial, (_, advised) in zip(trials, gaps)}.values())
    return Sample(value, draws, n, max(advised.seeds for _, advised in gaps))
