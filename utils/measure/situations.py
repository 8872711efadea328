"""What the decision guide asks, and what each system is by its mechanism, as data/decisions.yaml says it. Knows no rows."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields

OPTIONS = ("prompt only", "search only", "rag", "fine-tune", "both")
WRITTEN = ("answers", "reading")  # kinds of questions that somebody writes for a system
QUESTIONS = "questions"  # the task of answering about pages; other tasks are skills, the same form every time


@dataclass(frozen=True)
class System:
    """What is true of a system however it was measured.

    `shows`: pages stand beside its answer. `needs`: it stores or learns written answers, or practises reading on
    written questions. `adapter`: what was trained for it.
    """

    option: str
    shows: bool
    needs: tuple[str, ...]
    adapter: str | None


@dataclass(frozen=True)
class Situation:
    """Somebody's answers to the ten questions of the guide; None: no limit. Shares are between 0 and 1."""

    changed_a_year: float  # share of the facts that change in a year
    trainings_a_year: float  # how often what was learned by heart would be learned anew
    sources: bool  # a page must stand beside the answer
    deletable: bool  # a single fact must be removable for good
    seconds: float | None  # that an answer may take
    questions_a_day: float
    examples: int  # questions with answers that are at hand, or will be written
    task: str  # `questions` about pages, or a skill of the guide
    style: bool  # answers must sound like the house
    budget: float | None  # for a year, in the currency of prices.yaml
    unanswered: float  # share of the questions that no page answers
    wrong_costs: float  # how many right answers one wrong answer undoes; 0: it is only useless

    @property
    def changed(self) -> float:
        """Share of the facts asked about that changed since they were learned: rate × mean age, half the time between.

        >>> Situation(0.6, 2, False, False, None, 10, 0, "questions", False, None, 0.1, 0).changed
        0.15
        """
        return min(1.0, self.changed_a_year / (2 * self.trainings_a_year))


@dataclass(frozen=True)
class Scenario:
    """A situation of the beginner's guide, the desk that is like it, and what that guide advises."""

    name: str
    desk: str
    advice: str
    situation: Situation


@dataclass(frozen=True)
class Skill:
    """A task that always looks the same: the kinds of rows that are about it, and who does it, by name."""

    kinds: tuple[str, ...]
    systems: Mapping[str, System]


@dataclass(frozen=True)
class Guide:
    """The ten questions in words, the systems that answer questions, the skills, and the scenarios."""

    questions: Mapping[str, str]
    systems: Mapping[str, System]
    skills: Mapping[str, Skill]
    scenarios: tuple[Scenario, ...]


def parse_guide(entry: Mapping) -> Guide:
    """The guide from decisions.yaml. ValueError names what is missing, unknown or out of range."""
    asked = [field for names in entry["questions"] for field in names.split()]
    if wrong := {field.name for field in fields(Situation)} ^ set(asked):
        raise ValueError(f"questions: each field of a situation is asked for once; see {', '.join(sorted(wrong))}")
    skills = {
        name: Skill(tuple(skill["kinds"]), parse_systems(skill["systems"])) for name, skill in entry["skills"].items()
    }
    scenarios = tuple(parse_scenario(name, line, skills) for name, line in entry["scenarios"].items())
    return Guide(dict(entry["questions"]), parse_systems(entry["systems"]), skills, scenarios)


def parse_systems(entry: Mapping) -> dict[str, System]:
    """Systems by name."""
    return {name: parse_system(name, line) for name, line in entry.items()}


def parse_system(name: str, entry: Mapping) -> System:
    """One system."""
    check_keys(name, entry, System)
    if entry["option"] not in OPTIONS or not set(entry["needs"]) <= set(WRITTEN):
        raise ValueError(f"{name}: option is one of {', '.join(OPTIONS)}, needs some of {', '.join(WRITTEN)}")
    return System(**{**entry, "needs": tuple(entry["needs"])})


def parse_scenario(name: str, entry: Mapping, skills: Collection[str]) -> Scenario:
    """One scenario."""
    advice, desk = entry.get("guide"), entry.get("desk")
    if advice not in OPTIONS or not desk:
        raise ValueError(f"{name}: needs a desk, and guide is one of {', '.join(OPTIONS)}, got {desk!r} and {advice!r}")
    answers = {key: entry[key] for key in entry if key not in ("guide", "desk")}
    return Scenario(name, desk, advice, parse_situation(name, answers, skills))


def parse_situation(name: str, answers: Mapping, skills: Collection[str]) -> Situation:
    """A situation from answers by field name. ValueError for one that is missing, unknown or out of range."""
    check_keys(name, answers, Situation)
    situation = Situation(**answers)
    if situation.task not in (QUESTIONS, *skills):
        raise ValueError(f"{name}: task is one of {', '.join((QUESTIONS, *skills))}, got {situation.task!r}")
    if not 0 <= situation.unanswered <= 1 or not situation.trainings_a_year > 0:
        raise ValueError(f"{name}: unanswered is a share from 0 to 1, trainings_a_year a number above 0")
    for key in ("changed_a_year", "questions_a_day", "examples", "wrong_costs"):
        if getattr(situation, key) < 0:
            raise ValueError(f"{name}: {key} is 0 or more, got {getattr(situation, key)}")
    return situation


def check_keys(name: str, entry: Mapping, kind: type) -> None:
    """ValueError unless the entry has exactly the fields of the kind."""
    if wrong := {field.name for field in fields(kind)} ^ set(entry):
        raise ValueError(f"{name}: {', '.join(sorted(wrong))} missing or unknown")
