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
    consider_constant,
    diff,
    disconnected_grad,
    equal,
    evaluate,
    function,
    grad,
    grad_clip,
    grad_scale,
    hessian,
    hvp,
    jacobian,
    jvp,
    parse,
    pullback,
    pushforward,
    simplification,
    simplify,
    stop_gradient,
    value_and_grad,
    vjp,
    zero_grad,
)
from .egraph.saturate import StopReason
from .errors import (
    CostError,
    DisconnectedInputError,
    EvaluationError,
    FormulaError,
    GradientError,
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
from .verify import verify_grad
from .version import VERSION

__version__ = VERSION

__all__ = [
    "CostError",
    "DisconnectedInputError",
    "EGraph",
    "EvaluationError",
    "FormulaError",
    "GradientError",
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
    "consider_constant",
    "diff",
    "disconnected_grad",
    "equal",
    "evaluate",
    "function",
    "grad",
    "grad_clip",
    "grad_scale",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "parse",
    "pullback",
    "pushforward",
    "simplification",
    "simplify",
    "stop_gradient",
    "value_and_grad",
    "verify_grad",
    "vjp",
    "zero_grad",
]
