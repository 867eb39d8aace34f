"""Counts the lines that say how aggregates are kept: conversions, audit builders, refusals; at two commits.

    python -m tools.storage_lines 7268fa6 HEAD

Conversions are record classes, calls that fill them, functions that read them, lists of attribute names, and today's
declarations with the functions they name. Audit builders are calls of AuditEntry and what an entry shows. Refusals are
functions from a stored item to an error. Only folders that hold stores at both commits are compared: who came later had
nothing before. The shared machinery (codec, forms, commits, aggregates) has a row of its own, so that what it costs
shows, too. Lines are those of the syntax tree, each counted once.
"""

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

KINDS = ("conversions", "audit builders", "refusals")
MACHINERY = {f"layers/core/python/enghub/core/{name}.py" for name in ("codec", "forms", "commits", "aggregates")}
DECLARING = {"Aggregate", "Items", "Layout"}
STORING = {"pynamodb", "aggregates", "transactions"}
"""Words in the imports of whoever stores something."""
_SHOWING = ("_audit", "_audited", "_shown", "_entry")
_WRITES = {"Put", "PutItem", "Update", "Check", "Delete"}


def main() -> int:
    """Print the counts of both commits and what is between them."""
    paths = [modules(commit) for commit in sys.argv[1:3]]
    folders = set.intersection(*({path.rpartition("/")[0] for path in found} for found in paths))
    before, after = (
        count(commit, [path for path in found if path.rpartition("/")[0] in folders])
        for commit, found in zip(sys.argv[1:3], paths, strict=True)
    )
    print(f"{'lines of':<18}{sys.argv[1]:>10}{sys.argv[2]:>10}{'fewer':>10}")
    for kind in (*KINDS, "all three", "machinery"):
        print(f"{kind:<18}{before[kind]:>10}{after[kind]:>10}{before[kind] - after[kind]:>10}")
    return 0


def modules(commit: str) -> list[str]:
    """Return the paths of all modules of layers at a commit."""
    return [path for path in _git("ls-tree", "-r", "--name-only", commit, "layers").split() if path.endswith(".py")]


def count(commit: str, paths: list[str]) -> Counter[str]:
    """Return the number of lines of each kind in these modules at a commit."""
    found: Counter[str] = Counter()
    for path in paths:
        text = _git("show", f"{commit}:{path}")
        if path in MACHINERY:
            found["machinery"] += len(text.splitlines())
            continue
        if not STORING & set(text.replace(".", " ").split()):
            continue  # no store
        taken: set[int] = set()
        for kind in reversed(KINDS):
            mine = {line for node in _nodes(ast.parse(text), kind) for line in _lines(node)} - taken
            taken |= mine
            found[kind] += len(mine)
            found["all three"] += len(mine)
    return found


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout


def _lines(node: ast.AST) -> range:
    return range(getattr(node, "lineno", 0), (getattr(node, "end_lineno", 0) or 0) + 1)


def _nodes(tree: ast.Module, kind: str) -> Iterator[ast.AST]:
    find = {"conversions": _is_conversion, "audit builders": _is_audit, "refusals": _is_refusal}[kind]
    named = _named(tree, {"shows"} if kind == "audit builders" else {"key", "more", "of_key", "entries", "forms"})
    for node in ast.walk(tree):
        is_named = kind != "refusals" and isinstance(node, ast.FunctionDef) and node.name in named
        if is_named or find(node):
            yield node
        if kind == "refusals" and isinstance(node, ast.Call) and _name(node.func) in _WRITES | DECLARING:
            yield from (part for part in [*node.args, *(k.value for k in node.keywords)] if _makes_error(part))


def _named(tree: ast.Module, keywords: set[str]) -> set[str]:
    """Return the names of functions that declarations refer to by these keywords."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node.func) in DECLARING]
    values = [part.value for call in calls for part in call.keywords if part.arg in keywords]
    return {_name(node) for value in values for node in ast.walk(value) if isinstance(node, ast.Name | ast.Attribute)}


def _is_conversion(node: ast.AST) -> bool:
    match node:
        case ast.ClassDef(bases=[ast.Name(id=base)]):
            return base == "Record" or base.endswith("Record")
        case ast.Call(func=func, keywords=keywords):
            return (_name(func).endswith("Record") and len(keywords) > 2) or _name(func) in DECLARING
        case ast.FunctionDef(args=arguments, returns=returns):
            reads = any(_text(one.annotation).endswith("Record") for one in arguments.args)
            return reads or _text(returns).startswith("dict[str, ")
        case ast.Assign(value=ast.Tuple(elts=[_, _, *_] as elements)):
            return all(isinstance(inner, str) for element in elements for inner in _constants(element))
    return False


def _constants(node: ast.AST) -> list[object]:
    """Return the texts of a tuple of texts, or something else where it holds something else."""
    if isinstance(node, ast.Starred):
        return _constants(node.value)
    if isinstance(node, ast.Tuple):
        return [inner for element in node.elts for inner in _constants(element)]
    return [node.value] if isinstance(node, ast.Constant) else [None]


def _is_audit(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=func):
            return _name(func) == "AuditEntry"
        case ast.FunctionDef(name=name):
            return name in _SHOWING
    return False


def _is_refusal(node: ast.AST) -> bool:
    if not isinstance(node, ast.FunctionDef):
        return False
    annotations = [_text(one.annotation) for one in node.args.args]
    return "RawItem | None" in annotations or _text(node.returns).startswith("Callable[[RawItem")


def _makes_error(node: ast.AST) -> bool:
    return isinstance(node, ast.Lambda) and isinstance(node.body, ast.Call) and _name(node.body.func)[:1].isupper()


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _text(node: ast.AST | None) -> str:
    return "" if node is None else ast.unparse(node)


if __name__ == "__main__":
    raise SystemExit(main())
