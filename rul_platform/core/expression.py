"""Threshold expressions of a plant file, such as ``upstream_psi - downstream_psi > 20``.

Belongs here: what may stand in such an expression, and its value for every reading.
Does not belong here: what follows from it (``failures``).

An expression is read into Python's syntax tree, checked node by node against the list of what is
allowed, and computed by walking the tree. Nothing is ever handed to ``eval``.

Shape letter: R readings.
"""

import ast
import operator
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rul_platform.core.wording import did_you_mean, listing, quoted
from rul_platform.errors import ExpressionError

MAX_CHARACTERS = 500
MAX_DEPTH = 50
"""Nobody writes a longer or deeper rule by hand; a limit keeps a broken file from costing time."""

ALLOWED = "sensor names, numbers, + - * /, < <= > >= == !=, and, or, not, and parentheses"

_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARISON: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}

Columns = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked rule that is true or false for each reading.

    Attributes:
        text: As written.
        tree: Only nodes that the check let through.
        sensors: The names it uses, sorted.
    """

    text: str
    tree: ast.expr
    sensors: tuple[str, ...]

    def holds(self, columns: Columns) -> NDArray[np.bool_]:
        """Where the rule is true.

        As in Python, the right side of ``and`` and ``or`` is computed only where it matters, so
        ``flow > 0 and pressure / flow > 3`` never divides by zero.

        Args:
            columns: For each sensor, shape ``(R,)``, finite.

        Returns:
            Shape ``(R,)``.

        Raises:
            ExpressionError: It divides by zero, or a number grows beyond what a float holds.

        >>> rule = parse_expression("a - b > 20", ["a", "b"])
        >>> rule.holds({"a": np.array([25.0, 26.0]), "b": np.array([5.0, 5.0])}).tolist()
        [False, True]
        """
        used = {name: np.asarray(columns[name], dtype=np.float64) for name in self.sensors}
        rows = len(next(iter(used.values())))
        try:
            with np.errstate(divide="raise", invalid="raise", over="raise", under="ignore"):
                return np.broadcast_to(_value(self.tree, used), (rows,)).astype(np.bool_)
        except FloatingPointError as error:
            problem = (
                f"cannot be computed for every reading ({error}). Guard it, for example "
                f"`flow != 0 and pressure / flow > 3`."
            )
            raise ExpressionError(self.text, position=None, problem=problem) from error


def parse_expression(text: str, sensors: Collection[str]) -> Expression:
    """Read and check a rule.

    Args:
        text: As it stands in the plant file; may span lines.
        sensors: The names it may use.

    Raises:
        ExpressionError: Syntax, an unknown name, or something that is not allowed; with the
            position, from 1, in ``text``.
    """
    if len(text) > MAX_CHARACTERS:
        problem = f"{len(text)} characters long, at most {MAX_CHARACTERS} are allowed."
        raise ExpressionError(quoted(text), position=None, problem=problem)
    checker = _Checker(text, sensors)
    tree = checker.syntax_tree()
    checker.require(tree, "truth", depth=0)
    names = sorted({node.id for node in ast.walk(tree) if isinstance(node, ast.Name)})
    if not names:
        raise checker.refusal(tree, "names no sensor, so it is the same for every reading")
    return Expression(text, tree, tuple(names))


class _Checker:
    """Walks a tree and refuses the first node that is not allowed."""

    def __init__(self, text: str, sensors: Collection[str]) -> None:
        self.text, self.sensors = text, sensors
        flat = " ".join(text.splitlines())
        self.source = flat.strip()
        self.indent = len(flat) - len(flat.lstrip())

    def syntax_tree(self) -> ast.expr:
        """The tree of the text, not yet checked."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # `1and 2` warns; with this it is a SyntaxError
                return ast.parse(self.source, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            offset = getattr(error, "offset", None)
            reason = getattr(error, "msg", None) or "cannot be read"
            raise ExpressionError(
                self.text,
                position=offset + self.indent if offset else None,
                problem=f"{reason}. Allowed: {ALLOWED}.",
            ) from error

    def refusal(self, node: ast.AST, problem: str) -> ExpressionError:
        """The error that names the place of ``node``; syntax trees count bytes, people characters."""
        before = self.source.encode()[: getattr(node, "col_offset", 0)]
        position = len(before.decode(errors="ignore")) + self.indent + 1
        return ExpressionError(self.text, position=position, problem=f"{problem}.")

    def require(self, node: ast.expr, wanted: str, *, depth: int) -> None:
        """Check ``node`` and all below it; it must be a ``number`` or a ``truth``."""
        if depth > MAX_DEPTH:
            raise self.refusal(node, f"nested deeper than {MAX_DEPTH}; write it flatter")
        kind, children, of_kind = self._shape(node)
        if kind != wanted:
            found = quoted(ast.get_source_segment(self.source, node) or "")
            hint = "compare it, as in `> 20`" if wanted == "truth" else "a number is expected here"
            raise self.refusal(node, f"{found} is a {kind}; {hint}")
        for child in children:
            self.require(child, of_kind, depth=depth + 1)

    def _shape(self, node: ast.expr) -> tuple[str, Iterable[ast.expr], str]:
        """What ``node`` gives, its parts, and what each part must give."""
        match node:
            case ast.BoolOp(values=values):
                return "truth", values, "truth"
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return "truth", [operand], "truth"
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return "number", [operand], "number"
            case ast.BinOp(op=op, left=left, right=right) if type(op) in _ARITHMETIC:
                return "number", [left, right], "number"
            case ast.Compare(ops=ops) if all(type(op) in _COMPARISON for op in ops):
                return "truth", [node.left, *node.comparators], "number"
            case ast.Name() | ast.Constant():
                self._check_leaf(node)
                return "number", [], "number"
            case _:
                found = quoted(ast.get_source_segment(self.source, node) or "")
                raise self.refusal(node, f"{found} is not allowed. Allowed: {ALLOWED}")

    def _check_leaf(self, node: ast.Name | ast.Constant) -> None:
        if isinstance(node, ast.Name):
            if node.id not in self.sensors:
                hint = did_you_mean(node.id, self.sensors) or "."
                raise self.refusal(
                    node, f"unknown sensor {node.id!r}{hint} Sensors: {listing(self.sensors)}"
                )
        elif type(node.value) not in (int, float) or not _is_finite(node.value):
            found = quoted(node.value)
            raise self.refusal(node, f"{found} is not a finite number. Allowed: {ALLOWED}")


def _is_finite(number: Any) -> bool:
    try:
        return bool(np.isfinite(float(number)))
    except OverflowError:
        return False


def _value(node: ast.expr, columns: Columns) -> Any:
    """Value of a checked node: shape ``(R,)`` or a NumPy scalar."""
    match node:
        case ast.Name(id=name):
            return columns[name]
        case ast.Constant(value=value):
            return np.float64(value)  # pyright: ignore[reportArgumentType]  the check let only numbers through
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return np.logical_not(_value(operand, columns))
        case ast.UnaryOp(operand=operand):
            return -_value(operand, columns)
        case ast.BinOp(left=left, op=op, right=right):
            return _ARITHMETIC[type(op)](_value(left, columns), _value(right, columns))
        case ast.BoolOp(op=op, values=values):
            return _joined(values, columns, is_or=isinstance(op, ast.Or))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _COMPARISON[type(op)](_value(left, columns), _value(right, columns))
        case ast.Compare():
            return _joined(_pairs(node), columns, is_or=False)
        case _:
            raise AssertionError(ast.dump(node))  # the check refuses every other node


def _pairs(node: ast.Compare) -> list[ast.expr]:
    """``a < b < c`` as ``a < b`` and ``b < c``."""
    sides = [node.left, *node.comparators]
    return [
        ast.Compare(left=left, ops=[op], comparators=[right])
        for left, op, right in zip(sides, node.ops, sides[1:], strict=False)
    ]


def _joined(parts: list[ast.expr], columns: Columns, *, is_or: bool) -> NDArray[np.bool_]:
    """``and`` or ``or``: a later part is computed only for the rows that earlier ones left open."""
    rows = len(next(iter(columns.values())))
    result = np.full(rows, not is_or)
    still_open = np.arange(rows)
    for part in parts:
        here = {name: column[still_open] for name, column in columns.items()}
        truth = np.broadcast_to(_value(part, here), still_open.shape)
        result[still_open] = truth
        still_open = still_open[truth != is_or]
    return result
