"""Small faults for Python source: what a slip of the hand does to code about grids, matrices and nodes.

mutmut rewrites a copy of the whole project, and cosmic-ray the files themselves; both know neither index orders nor
transposes, which is where code about geometry goes wrong. So the faults are made here, on Python's own syntax tree.
"""

from __future__ import annotations

import ast
import copy
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

BINARY = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Pow: ast.Mult,
    ast.Mod: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
COMPARED = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,), ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}  # fmt: skip
# Each for the other.
EXCHANGED = dict(
    pair
    for one, other in (
        ("min", "max"), ("minimum", "maximum"), ("any", "all"), ("floor", "ceil"), ("argmin", "argmax"),
        ("zeros", "ones"), ("sum", "mean"), ("logical_and_", "logical_or_"), ("PostMultiply", "PreMultiply"),
    )
    for pair in ((one, other), (other, one))
)  # fmt: skip
# Functions and methods that leave their argument, or their object, as it is when the call is dropped. Conversions to
# another type are not among them: most values stay the same, and a type says nothing about a place.
DROPPED = {
    "abs", "sqrt", "ceil", "floor", "round", "clip", "maximum", "minimum", "max", "min", "inv", "reversed", "sorted",
    "copy", "astype", "double", "ravel", "abs_", "round_", "clamp_", "clamp_min", "logical_not_", "where",
    "masked_fill_", "permute", "movedim", "moveaxis", "pad", "padded", "diag", "isfinite", "resolve", "GetInverse",
    "nextafter", "accurate",
}  # fmt: skip
COMMUTATIVE = {"min", "max", "minimum", "maximum", "isinstance"}


@dataclass(frozen=True)
class Mutant:
    """One fault: ``index`` is the place in the walk over the tree, ``variant`` which of the faults there.

    ``which`` of those on its line that read alike it is, "2 of 3"; nothing where it is the only one.
    """

    line: int
    code: str
    change: str
    index: int
    variant: int
    which: str = ""

    def key(self) -> str:
        return hashlib.sha256(f"{self.index}.{self.variant} {self.change}".encode()).hexdigest()[:12]


def mutants(source: str) -> list[Mutant]:
    """Every fault that can be made in ``source``, in the order of its lines."""
    found, lines = [], source.splitlines()
    for index, node in enumerate(_places(ast.parse(source))):
        before = ast.unparse(node)
        for variant, new in enumerate(_variants(node)):
            after = ast.unparse(new)
            if after != before:
                change = " -> ".join(text.splitlines()[0] for text in (before, after))
                found.append(Mutant(node.lineno, lines[node.lineno - 1].strip(), change, index, variant))
    found.sort(key=lambda mutant: (mutant.line, mutant.index, mutant.variant))
    alike = Counter((mutant.line, mutant.change) for mutant in found)
    seen: Counter[tuple[int, str]] = Counter()
    for number, mutant in enumerate(found):
        place = mutant.line, mutant.change
        seen[place] += 1
        if alike[place] > 1:
            found[number] = replace(mutant, which=f"{seen[place]} of {alike[place]}")
    return found


def mutated(source: str, mutant: Mutant) -> ast.Module:
    """The tree of ``source`` with that fault in it."""
    tree = ast.parse(source)
    old = list(_places(tree))[mutant.index]
    new = ast.copy_location(list(_variants(old))[mutant.variant], old)

    class Exchange(ast.NodeTransformer):
        def visit(self, node):
            return new if node is old else super().generic_visit(node)

    return ast.fix_missing_locations(Exchange().visit(tree))


def _places(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes where a fault would count: no annotations, no names of strings, no words of what is raised."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list") or isinstance(node, ast.JoinedStr):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, ast.Import | ast.ImportFrom):
                continue
            # Python's own check that two lists are of one length, which they are.
            if isinstance(child, ast.keyword) and child.arg == "strict":
                continue
            if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
                continue
            if hasattr(child, "lineno"):
                yield child
            if not isinstance(child, ast.Raise):
                yield from _places(child)


def _variants(node: ast.AST) -> Iterator[ast.AST]:
    """The faults that can be made at ``node``, each as a new node in its place."""
    if isinstance(node, ast.BinOp):
        yield from _binary(node)
    elif isinstance(node, ast.AugAssign) and type(node.op) in BINARY:
        yield _with(node, op=BINARY[type(node.op)]())
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        for other in COMPARED[type(node.ops[0])]:
            yield _with(node, ops=[other()])
    elif isinstance(node, ast.BoolOp):
        yield _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))
    elif isinstance(node, ast.Constant):
        yield from _constant(node)
    elif isinstance(node, ast.Attribute):
        if node.attr == "T":
            yield node.value
        elif node.attr in EXCHANGED:
            yield _with(node, attr=EXCHANGED[node.attr])
    elif isinstance(node, ast.Name) and node.id in EXCHANGED:
        yield _with(node, id=EXCHANGED[node.id])
    elif isinstance(node, ast.Subscript):
        if isinstance(node.slice, ast.Slice) and node.slice.step is not None and isinstance(node.ctx, ast.Load):
            yield node.value
    elif isinstance(node, ast.Tuple | ast.List) and 2 <= len(node.elts) <= 3:
        yield _with(node, elts=node.elts[::-1])
    elif isinstance(node, ast.Call):
        yield from _call(node)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield ast.Pass()
    elif isinstance(node, ast.Raise | ast.Continue | ast.Break):
        yield ast.Pass()


def _binary(node: ast.BinOp) -> Iterator[ast.AST]:
    if type(node.op) in BINARY:
        yield _with(node, op=BINARY[type(node.op)]())
    if isinstance(node.op, ast.MatMult | ast.Sub):
        yield _with(node, left=node.right, right=node.left)
    if isinstance(node.op, ast.MatMult):
        yield node.left
        yield node.right


def _constant(node: ast.Constant) -> Iterator[ast.AST]:
    if isinstance(node.value, bool):
        yield _with(node, value=not node.value)
    elif isinstance(node.value, int | float):
        yield _with(node, value=node.value + 1)
        # What is tiny is there for rounding alone; twice that much is as good.
        if isinstance(node.value, int) or abs(node.value) > 1e-3:
            yield _with(node, value=node.value - 1 if isinstance(node.value, int) else node.value * 2)
        if node.value:
            yield ast.UnaryOp(ast.USub(), _with(node))


def _call(node: ast.Call) -> Iterator[ast.AST]:
    function = node.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    is_method = isinstance(function, ast.Attribute) and ast.unparse(function.value).split(".")[0] not in ("np", "torch")
    if name in DROPPED and is_method:
        yield function.value
    elif name in DROPPED and node.args and not isinstance(node.args[0], ast.Starred):
        yield node.args[0]
    if len(node.args) == 2 and name not in COMMUTATIVE and not any(isinstance(arg, ast.Starred) for arg in node.args):
        yield _with(node, args=node.args[::-1])


def _with(node: ast.AST, **fields) -> ast.AST:
    """A copy of ``node`` with other fields."""
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed
