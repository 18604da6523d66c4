"""rewritegrad: derivatives and simplification by declarative rewrite rules, run by equality saturation.

>>> import rewritegrad as rg
>>> g = rg.grad("sum(1 / (1 + exp(-X)))", "X", X="matrix")
>>> rg.function(["X"], g)([[0, 1], [-1, -2]]).round(8)
array([[0.25      , 0.19661193],
       [0.19661193, 0.10499359]])

The names are those of public.py. It is imported, and NumPy with it, when the first of them is used: `import rewritegrad`
costs a program nothing until then.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from .version import VERSION

if TYPE_CHECKING:
    from .public import *  # noqa: F403 - the names are read when they are used, and are told to type checkers here

__version__ = VERSION


def __getattr__(name: str) -> Any:
    """A public name, or the list of them (PEP 562)."""
    # `from . import term` asks for the attribute first: a module of the package must not bring in all the others.
    if name == "__all__" or not (name.startswith("__") or find_spec(f"{__name__}.{name}")):
        public = import_module(".public", __name__)
        if name == "__all__" or name in public.__all__:
            value = globals()[name] = getattr(public, name)
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__getattr__("__all__")})
