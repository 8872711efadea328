"""In the kernel, around the learner's code: what stood before is put back, and a check prints under a secret name."""

import builtins
import io
import json
import sys
from collections.abc import Iterable

_MISSING = object()
_names: dict[str, object] = {}
_modules: dict[str, dict[str, object]] = {}
_print = print


def remember(namespace: dict[str, object], chosen: Iterable[str]) -> None:
    """Keep what these names mean now, and what stands in `builtins` and every module of the course.

    `input` is left out: the kernel itself replaces it for every cell.
    """
    for name in chosen:
        _names[name] = namespace.get(name, _MISSING)
    for name, module in list(sys.modules.items()):
        if name == "builtins" or name.startswith("utils."):
            _modules.setdefault(name, {key: value for key, value in vars(module).items() if key != "input"})


def stand_guard(namespace: dict[str, object], chosen: Iterable[str], key: str) -> None:
    """Before a check: undo changes, publish their names under `key`, and make `key` a `print` that publishes too."""
    publish = builtins.get_ipython().display_pub.publish
    changed = put_back(namespace, chosen)
    publish({key: json.dumps(changed)}, {})

    def tell(*values: object, **how: object) -> None:
        """Publish what `print` would write."""
        text = io.StringIO()
        _print(*values, **{"file": text, **how})
        publish({key: text.getvalue()}, {})

    namespace[key] = tell


def put_back(namespace: dict[str, object], chosen: Iterable[str]) -> list[str]:
    """Give names, `builtins` and the course's modules back what they held when remembered; what had to be put back."""
    changed = []
    for name, before in _modules.items():
        now = vars(sys.modules[name]) if name in sys.modules else {}
        for key in [key for key, value in before.items() if now.get(key, _MISSING) is not value]:
            now[key] = before[key]
            changed.append(key if name == "builtins" else f"{name}.{key}")
    for name in chosen:
        if namespace.get(name, _MISSING) is not _names.get(name, _MISSING):
            changed.append(name)
            namespace.pop(name, None)
            if _names.get(name, _MISSING) is not _MISSING:
                namespace[name] = _names[name]
    return changed
