"""The ledger of promises: what was fixed beforehand and saved rows in, verdicts.json and a page for people out.

`python -m utils.ledger` renews both from the rows that are there. It decides nothing itself.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from utils.data import DATA, Company, load_company
from utils.files import read_text, write_json, write_text
from utils.measure.claims import Claim, parse_claim
from utils.measure.decide import Advice, advise
from utils.measure.evaluation import Row
from utils.measure.published import follow_order, parse_published
from utils.measure.regret import follow, try_out
from utils.measure.requirements import STYLE
from utils.measure.samples import Background, Sample, take_sample
from utils.measure.situations import Guide, Situation, parse_guide
from utils.measure.standings import ALONE
from utils.measure.statistics import Following, Statistic
from utils.measure.summary import to_markdown
from utils.measure.targets import COMPARISONS, check_targets, parse_targets
from utils.measure.verdicts import judge
from utils.page.advice import advice
from utils.page.outcomes import desks, kinds, orderings, targets, versions
from utils.page.promises import larger_models, ledger
from utils.page.surprises import surprises
from utils.page.tables import described
from utils.report import HEADLINE, caption, headline_table, table_of, training_line
from utils.saved import RESULTS, Part, files_of, load_companies, load_parts, price_parts, rows_of

CLAIMS, GUIDE, TARGETS, PUBLISHED = (DATA / f"{name}.yaml" for name in ("claims", "decisions", "targets", "published"))


@dataclass(frozen=True)
class Evidence:
    """All that verdicts rest on: rows with their files, what is known of the questions, the decision guide.

    `left_out`: files whose rows were made on other data than today's, so that they decide nothing.
    """

    parts: Sequence[Part]
    rows: Mapping[str, list[Row]]
    about: Background
    guide: Guide
    left_out: Sequence[str] = ()

    def take(self, statistic: Statistic | Following) -> Sample:
        """The statistic on these rows. NotMeasured where they don't suffice yet."""
        if isinstance(statistic, Following):
            return follow(self.guide, self.rows.get(statistic.experiment, ()), self.about)
        return take_sample(statistic, self.rows, self.about)

    @property
    def widest(self) -> str:
        """The comparison over the most desks that there are rows of."""
        return next((name for name in reversed(COMPARISONS) if name in self.rows), COMPARISONS[0])

    def of(self, experiment: str) -> list[Part]:
        """The parts of an experiment that were measured, not reckoned from others."""
        return [part for part in self.parts if part.experiment == experiment and len(part.files) == 1]


def gather(company: Company, folder: Path = RESULTS) -> Evidence:
    """The evidence that the folder holds. `company` is the classroom of the comparison."""
    companies, guide = replace(load_companies(), classroom=company), load_yaml(GUIDE, parse_guide)
    measured, left_out = load_parts(companies, folder)
    parts = [*measured, *price_parts(measured, companies, guide.systems)]
    return Evidence(parts, rows_of(parts), companies.background, guide, left_out)


def load_yaml(path: Path, parse: Callable) -> object:
    """What `parse` makes of the file. ValueError that names the file where it can't."""
    try:
        return parse(yaml.safe_load(read_text(path)))
    except (ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as problem:
        raise ValueError(f"{path}: {problem}") from None


def load_claims(path: Path = CLAIMS) -> list[Claim]:
    """Every claim, in the file's order. ValueError that names file and claim."""
    return load_yaml(path, lambda claims: [parse_claim(claim_id, entry) for claim_id, entry in claims.items()])


def verdicts_of(evidence: Evidence, claims: Sequence[Claim]) -> dict[str, dict]:
    """Claim id → verdict with the files it rests on, for those that the rows can decide."""
    computed = {claim.claim_id: claim.compute for claim in claims}
    verdicts = judge(claims, evidence.take)
    return {name: {**verdict, "files": files_of(computed[name], evidence.parts)} for name, verdict in verdicts.items()}


def advice_of(evidence: Evidence, situation: Situation) -> Advice:
    """Advice from all desks where there are rows of them, else from the classroom; about a skill, from the skill's rows.

    Seconds of an answer that comes alone and the house style are from experiments of their own.
    """
    if situation.task in evidence.guide.skills:
        skill = evidence.guide.skills[situation.task]
        rows = [row for row in evidence.rows.get("skills", ()) if row.get("kind") in skill.kinds]
        return advise(situation, skill.systems, rows, evidence.about)
    rows = [*evidence.rows.get("latency", ()), *evidence.rows.get("style", ())]
    rows = [row for row in rows if row.get("figure") in (ALONE, STYLE)]
    return advise(situation, evidence.guide.systems, rows + evidence.rows.get(evidence.widest, []), evidence.about)


def as_page(company: Company, evidence: Evidence, claims: Sequence[Claim], verdicts: Mapping[str, dict]) -> str:
    """data/results/README.md: what was measured, and what follows for the promises. A section without rows is left out."""
    guide, take, rows, about = evidence.guide, evidence.take, evidence.rows, evidence.about
    findings, published = load_yaml(PUBLISHED, parse_published)
    followed = [(order, name, follow_order(order, name, take)) for order in published for name in COMPARISONS]
    whole = in_order(rows.get("full", ()), guide)
    advised = [advice_of(evidence, scenario.situation) for scenario in guide.scenarios]
    trials = try_out(guide, rows["full"], about) if "D1" in verdicts else []
    written = {
        "The comparison in the classroom": classroom(company, evidence),
        "The comparison over all desks": all_desks(evidence),
        "The guide's promises, decided": ledger(claims, verdicts),
        "What others measured": larger_models(verdicts, findings),
        "What surprised us": surprises(claims, verdicts, rows, about),
        "What was meant to be reached": targets(check_targets(load_yaml(TARGETS, parse_targets), take, rows, about)),
        "Orders that others found": orderings(followed),
        "Desk by desk": desks(whole, about),
        "Kind by kind": kinds(whole, about),
        "When nobody removes the old pages": versions(whole, about),
        "What to build": advice(guide, advised, evidence.widest, trials, verdicts.get("D1")),
    }
    shown = [f"## {title}\n\n{text}" for title, text in written.items() if text]
    intro = "Generated by `python course.py reproduce` from the rows in this folder; edit nothing here by hand."
    old = f"Made on other data than today's, and left out: {', '.join(evidence.left_out)}."
    return "\n\n".join(["# Results", intro, *([old] if evidence.left_out else []), *shown]) + "\n"


def classroom(company: Company, evidence: Evidence) -> str | None:
    """The headline table of one desk's half, as the README has it."""
    for part in evidence.of("comparison"):
        rows = [row for row in part.rows if "figure" not in row]
        about = f"{caption(part.provenance, rows)} {training_line(part.provenance)}"
        return f"{headline_table(company, part.provenance, rows)}\n\n{about}"
    return None


def all_desks(evidence: Evidence) -> str | None:
    """The same over the whole company."""
    answers = [row for part in evidence.of("full") for row in part.rows if "figure" not in row and not row["both_versions"]]
    if not answers:
        return None
    rows = in_order(answers, evidence.guide)
    shown = to_markdown(table_of(load_company(), rows), [name for name in HEADLINE if name != "memory"])
    return f"{shown}\n\n{caption(evidence.of('full')[0].provenance, rows)}"


def in_order(rows: Sequence[Row], guide: Guide) -> list[Row]:
    """The rows of the guide's systems in its order, then those of the controls by name."""
    place = {name: number for number, name in enumerate(guide.systems)}
    return sorted(rows, key=lambda row: (place.get(row["system"], len(place)), row["system"]))


def write_ledger(company: Company, folder: Path = RESULTS) -> dict[str, dict]:
    """Renew verdicts.json and README.md from the folder's rows; the verdicts."""
    evidence, claims = gather(company, folder), load_claims()
    verdicts = verdicts_of(evidence, claims)
    write_json(folder / "verdicts.json", verdicts)
    write_text(folder / "README.md", as_page(company, evidence, claims, verdicts))
    return verdicts


if __name__ == "__main__":
    for claim_id, verdict in write_ledger(load_company(slice_name="classroom")).items():
        print(f"{claim_id}: {verdict['verdict']} ({described(verdict)})")
