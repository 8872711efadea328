"""Which names a cell's code gives and needs, and which cells must run before it. Reads code, runs none."""

import ast
import builtins
import symtable
from collections.abc import Collection, Iterator, Sequence


def names(*cells: str) -> tuple[set[str], set[str]]:
    """(names that the cells bind at their top, other names that they look up there). Empty for what Python can't read."""
    bound, needed = set(), set()
    for code in cells:
        try:
            table = symtable.symtable(without_magic(code), "cell", "exec")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        bound |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
        needed |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
        for inner in nested(table):
            needed |= {symbol.get_name() for symbol in inner.get_symbols() if symbol.is_global()}
    return bound, needed - bound


def nested(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    """The scopes inside a scope, at every depth."""
    for inner in table.get_children():
        yield inner
        yield from nested(inner)


def without_magic(code: str) -> str:
    """The cell without IPython's `%` and `!` lines.

    >>> without_magic("%time\\nx = 1")
    'x = 1'
    """
    return "\n".join(line for line in code.split("\n") if not line.lstrip().startswith(("%", "!")))


def same_code(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Whether two runs of cells are the same but for comments and layout.

    >>> same_code(["x = 1  # one"], ["x=1"]), same_code(["x = 1"], ["x = 2"])
    (True, False)
    """
    try:
        one, other = (ast.dump(ast.parse(without_magic("\n".join(cells)))) for cells in (ours, theirs))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "\n".join(ours).strip() == "\n".join(theirs).strip()
    return one == other


def lean_on(
    code: Sequence[str], known: Collection[str], given: Sequence[str], own: Sequence[str]
) -> tuple[list[str], list[str]]:
    """(cells of the lesson, other cells of the learner) that give the names `code` needs, and what those need in turn."""
    offers = [(names(cell), cell) for cell in (*given, *own)]
    chosen, seen = set(), {*known, *dir(builtins)}
    wanted = list(names(*code)[1] - seen)
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        giving = [i for i, ((bound, _), _) in enumerate(offers) if name in bound]
        ours = [i for i in giving if i < len(given)]
        for i in ours or giving:
            chosen.add(i)
            wanted += offers[i][0][1]
    return tuple([offers[i][1] for i in sorted(chosen) if (i < len(given)) == ours] for ours in (True, False))


def relied_on(checks: Sequence[str], setup: Sequence[str]) -> set[str]:
    """Names of the setup, and built-in ones, that the checks use: themselves, or through what the setup defines."""
    uses = {}
    for cell in setup:
        bound, needed = names(cell)
        for name in bound:
            uses[name] = uses.get(name, set()) | needed
    found, wanted = set(), names(*checks)[1]
    while wanted:
        name = wanted.pop()
        if name not in found and (name in uses or hasattr(builtins, name)):
            found.add(name)
            wanted |= uses.get(name, set())
    return found
