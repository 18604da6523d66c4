"""rewritegrad: derivatives and simplification by declarative rewrite rules, run by equality saturation.

>>> import rewritegrad as rg
>>> g = rg.grad("sum(1 / (1 + exp(-X)))", "X", X="matrix")
>>> rg.function(["X"], g)([[0, 1], [-1, -2]]).round(8)
array([[0.25      , 0.19661193],
       [0.19661193, 0.10499359]])
"""

from .api import (
    Lop,
    Rop,
    diff,
    equal,
    evaluate,
    function,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    parse,
    pullback,
    pushforward,
    simplification,
    simplify,
    value_and_grad,
    vjp,
)
from .egraph.saturate import StopReason
from .errors import (
    CostError,
    DisconnectedInputError,
    EvaluationError,
    FormulaError,
    InputError,
    LimitError,
    MissingDerivativeError,
    RewritegradError,
    RuleFileError,
    ShapeError,
    UnknownNameError,
    UnsoundRuleError,
)
from .graph import EGraph
from .rulefile import Theory
from .term import Term
from .theory import Type

__version__ = "0.1.0"

__all__ = [
    "CostError",
    "DisconnectedInputError",
    "EGraph",
    "EvaluationError",
    "FormulaError",
    "InputError",
    "LimitError",
    "Lop",
    "MissingDerivativeError",
    "RewritegradError",
    "Rop",
    "RuleFileError",
    "ShapeError",
    "StopReason",
    "Term",
    "Theory",
    "Type",
    "UnknownNameError",
    "UnsoundRuleError",
    "diff",
    "equal",
    "evaluate",
    "function",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "parse",
    "pullback",
    "pushforward",
    "simplification",
    "simplify",
    "value_and_grad",
    "vjp",
]
