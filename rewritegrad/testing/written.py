"""Functions that SymPy lacks, or that are complex there where NumPy's are real, written in SymPy's terms.

The `sympy` field of an op block may name them like SymPy's own. Each entry makes an expression from the arguments; it is
given the module, so that SymPy is imported by nobody but the oracle.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def _round(sp: Any, x: Any) -> Any:
    """The nearest integer, of two the even one."""
    half = sp.Rational(1, 2)
    return sp.Piecewise((x - half, sp.Eq(sp.Mod(x - half, 2), 0)), (sp.floor(x + half), True))


def _scaled_bessel(name: str, sign: int) -> Callable[..., Any]:
    """exp(-|x|) I_v(x), or exp(x) K_v(x)."""
    return lambda sp, v, x: getattr(sp, name)(v, x) * sp.exp(x if sign > 0 else -sp.Abs(x))


def _of_order(function: Callable[..., Any], order: int) -> Callable[..., Any]:
    return lambda sp, x: function(sp, order, x)


def _bessel(name: str) -> Callable[..., Any]:
    return lambda sp, v, x: getattr(sp, name)(v, x)


def _hyper(upper: int, lower: int) -> Callable[..., Any]:
    """A hypergeometric function of so many upper and lower parameters, and its argument."""
    return lambda sp, *args: sp.hyper(list(args[:upper]), list(args[upper : upper + lower]), args[-1])


def _ndtr(sp: Any, x: Any) -> Any:
    return sp.erfc(-x / sp.sqrt(2)) / 2


def _ndtri(sp: Any, x: Any) -> Any:
    return -sp.sqrt(2) * sp.erfcinv(2 * x)


def _spherical(sp: Any, n: Any, x: Any) -> Any:
    """By a series in x^2, which knows negative x and 0."""
    factor = sp.sqrt(sp.pi) * (x / 2) ** n / (2 * sp.gamma(n + sp.Rational(3, 2)))
    return factor * sp.hyper([], [n + sp.Rational(3, 2)], -(x**2) / 4)


def _incomplete(name: str) -> Callable[..., Any]:
    return lambda sp, a, x: getattr(sp, name)(a, x) / sp.gamma(a)


def _ellipd(sp: Any, *args: Any) -> Any:
    """(F - E) / m; the complete one by a hypergeometric function, which knows 0."""
    if len(args) == 1:
        return sp.pi / 4 * sp.hyper([sp.Rational(1, 2), sp.Rational(3, 2)], [2], args[0])
    return (sp.elliptic_f(*args) - sp.elliptic_e(*args)) / args[1]


def _undefined(name: str) -> Callable[..., Any]:
    """A function of which SymPy knows nothing, and only the numbers of lacking.py are known."""
    return lambda sp, *args: sp.Function(name, real=True)(*args)


UNKNOWN = (
    *("gammaincinv", "gammainccinv", "betaincinv", "gammainc_a", "gammaincc_a", "gamma_density_a", "betainc_ab", "beta_density_ab"),
    *("powslope", "gamma_lower_s", "gamma_upper_s", "zeta_s", "polylog_z"),
    *("jv_v", "yv_v", "iv_v", "ive_v", "kv_v", "kve_v"),
)
"""What SymPy has no function for, and lacking.py has numbers of."""

WRITTEN: dict[str, Callable[..., Any]] = {
    "cbrt": lambda sp, x: sp.sign(x) * sp.Abs(x) ** sp.Rational(1, 3),
    "log2": lambda sp, x: sp.log(x) / sp.log(2),
    "log10": lambda sp, x: sp.log(x) / sp.log(10),
    "log1mexp": lambda sp, x: sp.log(1 - sp.exp(x)),
    "sinc": lambda sp, x: sp.sinc(sp.pi * x),
    "round": _round,
    "signbit": lambda sp, x: sp.Lt(x, 0),
    "erfcx": lambda sp, x: sp.exp(x**2) * sp.erfc(x),
    "gamma_ratio": lambda sp, x, y: sp.gamma(x) / sp.gamma(y),
    "logerfc": lambda sp, x: sp.log(sp.erfc(x)),
    "logcosh": lambda sp, x: sp.log(sp.cosh(x)),
    "logi0": lambda sp, x: sp.log(sp.besseli(0, x)),
    "dawsn": lambda sp, x: sp.sqrt(sp.pi) / 2 * sp.exp(-(x**2)) * sp.erfi(x),
    "ndtr": _ndtr,
    "log_ndtr": lambda sp, x: sp.log(_ndtr(sp, x)),
    "ndtri": _ndtri,
    "ndtri_exp": lambda sp, x: _ndtri(sp, sp.exp(x)),
    "norm_hazard": lambda sp, x: sp.sqrt(2 / sp.pi) * sp.exp(-(x**2) / 2) / sp.erfc(x / sp.sqrt(2)),
    "tanh_softplus": lambda sp, x: sp.tanh(sp.log(1 + sp.exp(x))),
    "rgamma": lambda sp, x: 1 / sp.gamma(x),
    "gammaln": lambda sp, x: sp.log(sp.Abs(sp.gamma(x))),
    "gammasgn": lambda sp, x: sp.sign(sp.gamma(x)),
    "betaln": lambda sp, a, b: sp.log(sp.Abs(sp.beta(a, b))),
    "gammainc": _incomplete("lowergamma"),
    "gammaincc": _incomplete("uppergamma"),
    "betainc": lambda sp, a, b, x: x**a * sp.hyper([a, 1 - b], [a + 1], x) / (a * sp.beta(a, b)),
    "logit": lambda sp, x: sp.log(x / (1 - x)),
    "xlogy": lambda sp, x, y: x * sp.log(y),
    "xlog1py": lambda sp, x, y: x * sp.log(1 + y),
    "entr": lambda sp, x: -x * sp.log(x),
    "rel_entr": lambda sp, x, y: x * sp.log(x / y),
    "kl_div": lambda sp, x, y: x * sp.log(x / y) - x + y,
    "squareplus": lambda sp, x, b: (x + sp.sqrt(x**2 + b)) / 2,
    "t_cdf": lambda sp, x, k: sp.Rational(1, 2) + x * sp.gamma((k + 1) / 2) / sp.sqrt(sp.pi * k) / sp.gamma(k / 2)
    * sp.hyper([sp.Rational(1, 2), (k + 1) / 2], [sp.Rational(3, 2)], -(x**2) / k),
    "copysign": lambda sp, x, y: sp.Abs(x) * sp.sign(y),
    "pseudo_huber": lambda sp, delta, r: delta**2 * (sp.sqrt(1 + (r / delta) ** 2) - 1),
    "j0": _of_order(_bessel("besselj"), 0),
    "j1": _of_order(_bessel("besselj"), 1),
    "y0": _of_order(_bessel("bessely"), 0),
    "y1": _of_order(_bessel("bessely"), 1),
    "i0": _of_order(_bessel("besseli"), 0),
    "i1": _of_order(_bessel("besseli"), 1),
    "k0": _of_order(_bessel("besselk"), 0),
    "k1": _of_order(_bessel("besselk"), 1),
    "ive": _scaled_bessel("besseli", -1),
    "kve": _scaled_bessel("besselk", 1),
    "i0e": _of_order(_scaled_bessel("besseli", -1), 0),
    "i1e": _of_order(_scaled_bessel("besseli", -1), 1),
    "k0e": _of_order(_scaled_bessel("besselk", 1), 0),
    "k1e": _of_order(_scaled_bessel("besselk", 1), 1),
    "jn": _spherical,
    "yn": lambda sp, n, x: sp.sqrt(sp.pi / (2 * x)) * sp.bessely(n + sp.Rational(1, 2), x),
    **{name: _undefined(name) for name in UNKNOWN},
    "E1": lambda sp, x: sp.expint(1, x),
    "ellipd": _ellipd,
    "hyp2f1": _hyper(2, 1),
    "hyp1f1": _hyper(1, 1),
    "hyp0f1": _hyper(0, 1),
    "dilog": lambda sp, x: sp.polylog(2, x),
    "spence": lambda sp, x: sp.polylog(2, 1 - x),
}
"""By the name in the `sympy` field; the arguments are SymPy objects."""
