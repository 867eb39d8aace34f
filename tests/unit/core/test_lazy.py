"""A module that stands behind `lazy` is loaded when one of its attributes is asked for, not before."""

import sys

import pytest

from enghub.core.lazy import lazy


def test_a_module_is_loaded_when_it_is_first_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    module = lazy("colorsys")
    assert "colorsys" not in sys.modules
    assert module.rgb_to_hsv(0.0, 0.0, 0.0) == (0.0, 0.0, 0.0)
    assert "colorsys" in sys.modules


def test_what_is_not_there_is_missed_as_from_the_module_itself() -> None:
    with pytest.raises(AttributeError, match="colorsys"):
        _ = lazy("colorsys").nothing
    with pytest.raises(ModuleNotFoundError):
        _ = lazy("no_such_package").anything
