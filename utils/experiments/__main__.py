"""Run experiments, each after its last finished unit, and renew the verdicts and the page from all rows there are.

Without --only all of them run, the classroom's comparison first. The order is that in which people wait for them least.
"""

import argparse
import importlib
from collections.abc import Mapping, Sequence

from utils import comparison
from utils.data import load_company
from utils.experiments.frame import RESULTS, run
from utils.ledger import load_claims, write_ledger

ORDER = (
    "comparison", "attacks", "second-company", "privacy", "canaries", "citations", "updates", "latency", "search-quality",
    "skills", "style", "data-size", "full",
)  # fmt: skip


def choose(asked: Sequence[str], experiment_of: Mapping[str, str]) -> list[str]:
    """The experiments asked for, by name or by promise, in ORDER; all without any. SystemExit where there is none (yet)."""
    for name in asked:
        if experiment_of.get(name, name) not in ORDER:
            known = [promise for promise, experiment in experiment_of.items() if experiment in ORDER]
            raise SystemExit(f"no experiment measures {name} yet: use one of {', '.join((*ORDER, *known))}")
    chosen = [experiment_of.get(name, name) for name in asked] or ORDER
    return [name for name in ORDER if name in chosen]


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help=f"{', '.join(ORDER)}, or a promise like R1")
    parser.add_argument("--units", nargs="+", default=[], metavar="UNIT", help="only these units of one experiment")
    asked = parser.parse_args()
    names = choose(asked.only, {claim.claim_id: claim.experiment for claim in load_claims()})
    if asked.units and (len(names) != 1 or names == ["comparison"]):
        raise SystemExit("--units needs one experiment, and one that has units: name it with --only")
    written = []
    for name in names:
        if name == "comparison":  # keeps its steps itself
            comparison.main(["--full"])
            continue
        for path in run(importlib.import_module(f"utils.experiments.{name.replace('-', '_')}").prepare(), asked.units):
            print(f"rows    {path}")
            written.append(path)
    if asked.units and not written:
        return  # no experiment is whole, so nothing follows yet
    print(f"page    {RESULTS / 'README.md'}: {len(write_ledger(load_company(slice_name='classroom')))} promises decided")


if __name__ == "__main__":
    main()
