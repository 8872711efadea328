"""The price list that the reader edits: loaded, and refused by file and key where it is wrong. Multiplies nothing."""

import datetime
import math
from dataclasses import dataclass
from pathlib import Path

import yaml

from utils.files import DamagedFile, read_text

UNITS = {  # every assumption of a price list, and the unit that the formulas count in; {} is the currency
    "wage": "{} an hour",
    "minutes_per_example": "minutes",
    "minutes_per_correction": "minutes",
    "minutes_per_page": "minutes",
    "laptop_purchase": "{} a laptop",
    "laptop_life": "hours",
    "laptop_power": "watts",
    "electricity": "{} a kWh",
    "cloud_cpu": "{} an hour",
    "cloud_gpu": "{} an hour",
    "gpu_speed": "times",
    "api_prompt": "{} a million tokens",
    "api_answer": "{} a million tokens",
    "api_training": "{} a million tokens",
    "api_tuned": "times",
}
DIVISORS = ("laptop_life", "gpu_speed")  # must be above 0; the others may be 0
ENTRY = ("value", "unit", "dated", "source")


@dataclass(frozen=True)
class Assumption:
    """One line of a price list: a value with its unit, the day it was set down, and where it comes from, in words."""

    value: float
    unit: str
    dated: datetime.date
    source: str


def load_prices(path: Path) -> tuple[str, dict[str, Assumption]]:
    """(currency, the assumptions by name) of a price list. DamagedFile names the file, the key and the way out."""
    try:
        lines = yaml.safe_load(read_text(path))
    except yaml.YAMLError as problem:
        raise DamagedFile(f"{path} is not YAML ({' '.join(str(problem).split())}): mend or restore it") from None
    if not isinstance(lines, dict) or not isinstance(lines.get("currency"), str):
        raise DamagedFile(f"{path} names no currency: begin it with a line like 'currency: USD'")
    currency = lines.pop("currency")
    if missing := [name for name in UNITS if name not in lines]:
        raise DamagedFile(f"{path} lacks {', '.join(missing)}: restore the lines, and set to 0 what costs you nothing")
    if unknown := [name for name in lines if name not in UNITS]:
        raise DamagedFile(f"{path} holds {unknown[0]!r}, which no formula uses: the keys are {', '.join(UNITS)}")
    return currency, {name: parse_assumption(lines[name], name, currency, path) for name in UNITS}


def parse_assumption(entry: object, name: str, currency: str, path: Path) -> Assumption:
    """One entry of the price list, checked. DamagedFile names what is wrong with it."""
    where, unit = f"{path}, {name},", UNITS[name].format(currency)
    if not isinstance(entry, dict) or set(entry) != set(ENTRY):
        raise DamagedFile(f"{where} needs exactly the keys {', '.join(ENTRY)}")
    value = entry["value"]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise DamagedFile(f"{where} has the value {value!r}: give a number, like 0.3")
    if value < 0 or value == 0 and name in DIVISORS:
        raise DamagedFile(f"{where} has the value {value!r}: it must be {'above 0' if name in DIVISORS else '0 or more'}")
    if entry["unit"] != unit:
        raise DamagedFile(f"{where} is in {entry['unit']!r}, and the formulas count in {unit!r}: convert the value")
    if type(entry["dated"]) is not datetime.date:
        raise DamagedFile(f"{where} has the date {entry['dated']!r}: write it like 2026-11-25")
    if not isinstance(entry["source"], str) or not entry["source"].strip():
        raise DamagedFile(f"{where} names no source: say in words where the value comes from")
    return Assumption(float(value), unit, entry["dated"], entry["source"])
