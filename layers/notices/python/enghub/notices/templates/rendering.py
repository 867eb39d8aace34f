"""Renders templates of notices with jinja2: sandboxed, bounded in size and work, escaped for where they are read.

A template may name facts, test them, loop over lists and use the filters below: nothing that computes, assigns, calls
or includes, so that what it can cost follows from its length and from the facts.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from functools import lru_cache
from html import escape as escape_html
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, UndefinedError, nodes
from jinja2.sandbox import SandboxedEnvironment

from enghub.core.i18n import Text

MAX_TEMPLATE = 20_000
MAX_OUTPUT = 65_536
MAX_DEPTH = 2
"""Loops inside each other."""
MAX_TURNS = 2_000
"""Turns of all loops of one rendering."""
MAX_VALUE = 8_192
"""Characters of one fact as it is written."""


class Format(StrEnum):
    """Where a text is read, which decides how facts are escaped in it."""

    TEXT = "text"
    HTML = "html"
    DINGTALK = "dingtalk"
    WECOM = "wecom"


class TemplateWrong(Exception):
    """A template does not render; ``line`` counts from 1."""

    def __init__(self, line: int, reason: Text) -> None:
        self.line = line
        self.reason = reason
        super().__init__(f"line {line}: {reason.en}")


TOO_LONG = Text("it is longer than 20,000 characters", "超过 20,000 个字符")
TOO_MUCH = Text("it writes more than 65,536 characters", "输出超过 65,536 个字符")
TOO_MANY_TURNS = Text("its loops take more than 2,000 turns", "循环超过 2,000 次")
TOO_DEEP = Text("loops stand more than two deep", "循环嵌套超过两层")
NOT_A_LIST = Text("only lists can be looped over", "只能遍历列表")
NO_SUCH_FILTER = Text("there is no filter {name}: use one of {known}", "没有过滤器 {name}，可用：{known}")
NOT_ALLOWED = Text("{what} is not possible in a template", "模板中不允许使用 {what}")
NOT_A_TEMPLATE = Text("it is not written as a template: {why}", "模板语法错误：{why}")
UNKNOWN_FACT = Text("{why}", "{why}")

_ALLOWED = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Name, nodes.Getattr, nodes.Getitem),
    *(nodes.Const, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Test, nodes.Filter),
    *(nodes.CondExpr, nodes.Keyword),
)
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|>~-])")


def _markdown(text: str) -> str:
    """Write a fact so that no robot reads it as markup; ``<`` begins mentions and colours there."""
    return _MARKDOWN.sub(r"\\\1", text.replace("&", "&amp;").replace("<", "&lt;"))


_ESCAPES: Mapping[Format, Callable[[str], str]] = {
    Format.TEXT: str,
    Format.HTML: escape_html,
    Format.DINGTALK: _markdown,
    Format.WECOM: _markdown,
}


class _Turns:
    """Counts the turns of one rendering's loops."""

    def __init__(self) -> None:
        self.left = MAX_TURNS

    def over(self, found: Any) -> Iterator[Any]:
        """Go over a list.

        Raises:
            _TooMuch: it is none, or there are no turns left.
        """
        if found is None:
            return
        if not isinstance(found, list | tuple):
            raise _TooMuch(NOT_A_LIST)
        for item in found:
            self.left -= 1
            if self.left < 0:
                raise _TooMuch(TOO_MANY_TURNS)
            yield item


class _TooMuch(TemplateError):
    def __init__(self, reason: Text) -> None:
        self.reason = reason
        super().__init__(reason.en)


def _cut(text: str, length: int = 200) -> str:
    return text if len(text) <= length else f"{text[: max(length - 1, 0)]}…"


def _join(found: Any, between: str = ", ") -> str:
    if not isinstance(found, list | tuple):
        raise _TooMuch(NOT_A_LIST)
    return between.join(str(item) for item in found[:MAX_TURNS])[:MAX_VALUE]


FILTERS: Mapping[str, Callable[..., Any]] = {
    "default": lambda value, instead="": instead if value is None else value,
    "upper": lambda value: str(value).upper(),
    "lower": lambda value: str(value).lower(),
    "length": len,
    "join": _join,
    "cut": lambda value, length=200: _cut(str(value), int(length)),
    "round": lambda value, digits=0: round(float(value), int(digits)) if int(digits) else round(float(value)),
}
"""Also ``turns``, which stands in every loop without being written."""


@lru_cache
def _environment(form: Format) -> SandboxedEnvironment:
    escape = _ESCAPES[form]
    environment = SandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: escape("" if value is None else _written(value)),
    )
    environment.globals.clear()
    environment.filters.clear()
    environment.filters.update({**FILTERS, "turns": lambda found, turns: turns.over(found)})
    kept = {"none", "defined", "in", "eq", "ne", "lt", "gt", "le", "ge", "true", "false"}
    for name in set(environment.tests) - kept:
        del environment.tests[name]
    return environment


def _written(value: Any) -> str:
    if isinstance(value, StrictUndefined):
        str(value)  # raises, with the name
    text = str(value)
    kept = "".join(character for character in text[:MAX_VALUE] if character.isprintable() or character in "\n\t")
    return kept if len(text) <= MAX_VALUE else f"{kept}…"


def render(source: str, facts: Mapping[str, Any], form: Format) -> str:
    """Return a template filled with facts.

    Raises:
        TemplateWrong: with the line and the reason.
    """
    if len(source) > MAX_TEMPLATE:
        raise TemplateWrong(1, TOO_LONG)
    environment, turns = _environment(form), _Turns()
    try:
        template = environment.from_string(_checked(environment, source))
        written = _bounded(template.generate({**facts, "__turns": turns}))
    except TemplateSyntaxError as error:
        raise TemplateWrong(error.lineno, _said(NOT_A_TEMPLATE, why=error.message)) from error
    except _TooMuch as error:
        raise TemplateWrong(_line_of(error), error.reason) from error
    except UndefinedError as error:
        raise TemplateWrong(_line_of(error), _said(UNKNOWN_FACT, why=error.message or "undefined")) from error
    except (TemplateError, ValueError, TypeError, ArithmeticError, LookupError, AttributeError) as error:
        raise TemplateWrong(_line_of(error), _said(NOT_A_TEMPLATE, why=str(error))) from error
    return written.rstrip("\n")


def _bounded(parts: Iterable[str]) -> str:
    written: list[str] = []
    size = 0
    for part in parts:
        written.append(part)
        size += len(part)
        if size > MAX_OUTPUT:
            raise _TooMuch(TOO_MUCH)
    return "".join(written)


def _said(text: Text, **values: Any) -> Text:
    return Text(text.render("en", **values), text.render("zh", **values))


def _line_of(error: BaseException) -> int:
    """Return the template's line, from the frames that jinja2 rewrites for it."""
    line, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename in {"<template>", "<unknown>"}:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _checked(environment: SandboxedEnvironment, source: str) -> nodes.Template:
    """Parse a template and refuse what it may not hold; loops get their counter."""
    tree = environment.parse(source)
    _look(tree, 0)
    return tree


def _look(node: nodes.Node, depth: int) -> None:
    line = node.lineno or 1
    if not isinstance(node, _ALLOWED):
        raise TemplateWrong(line, _said(NOT_ALLOWED, what=type(node).__name__.lower()))
    if isinstance(node, nodes.Name) and (node.name.startswith("_") or node.name in {"self", "super", "caller"}):
        raise TemplateWrong(line, _said(NOT_ALLOWED, what=node.name))
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        raise TemplateWrong(line, _said(NO_SUCH_FILTER, name=node.name, known=", ".join(FILTERS)))
    if isinstance(node, nodes.For):
        if depth == MAX_DEPTH:
            raise TemplateWrong(line, TOO_DEEP)
        if node.recursive or node.test is not None or not isinstance(node.target, nodes.Name):
            raise TemplateWrong(line, _said(NOT_ALLOWED, what="such a loop"))
        depth += 1
    for child in node.iter_child_nodes():
        _look(child, depth)
    if isinstance(node, nodes.For):
        counter = nodes.Name("__turns", "load", lineno=line)
        node.iter = nodes.Filter(node.iter, "turns", [counter], [], None, None, lineno=line)
