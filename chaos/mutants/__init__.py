"""Known mistakes, each of which must turn its own rules red: a verifier that never failed is no evidence."""

from __future__ import annotations

import importlib
import pkgutil
import re
from functools import cache
from typing import TYPE_CHECKING, Final

from chaos.mutants.mutant import Mutant

if TYPE_CHECKING:
    from collections.abc import Mapping

_MODULE: Final = re.compile(r"m\d\d_\w+")


@cache
def all_mutants() -> Mapping[str, Mutant]:
    """By name, in the order of their numbers; every module `m01_…` holds one."""
    modules = sorted(module.name for module in pkgutil.iter_modules(__path__) if _MODULE.fullmatch(module.name))
    found = [_mutant_in(f"{__name__}.{name}") for name in modules]
    return {mutant.name: mutant for mutant in found}


def _mutant_in(module_name: str) -> Mutant:
    mutant = importlib.import_module(module_name).MUTANT
    assert isinstance(mutant, Mutant), module_name
    return mutant
