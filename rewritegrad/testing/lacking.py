"""Functions of mpmath's numbers that mpmath lacks, or is slow at: what Precise calls by the names that SymPy's printer writes.

Those of SymPy that mpmath has no function for, and inverses and derivatives by parameters that SymPy has no function for either
(written.py makes undefined functions of SymPy of these). All by the shortest way: root finding and differences at more digits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import RewritegradError


def mpmath_module() -> Any:
    """mpmath; RewritegradError names the extra that brings it where it is missing."""
    try:
        import mpmath
    except ImportError:
        raise RewritegradError("this needs SymPy and mpmath: pip install 'rewritegrad[check]'") from None
    return mpmath


def _heaviside(x: Any, at_zero: Any = None) -> Any:
    half = mpmath_module().mpf(1) / 2 if at_zero is None else at_zero
    return half if x == 0 else int(x > 0)


def _dirac_delta(x: Any, order: int = 0) -> Any:
    return mpmath_module().nan if x == 0 else 0


def _airyaiprime(x: Any) -> Any:
    return mpmath_module().airyai(x, derivative=1)


def _airybiprime(x: Any) -> Any:
    return mpmath_module().airybi(x, derivative=1)


def _erfcinv(x: Any) -> Any:
    """The inverse of erfc; for small x by its logarithm, as mpmath needs many more digits there, for 1 - x."""
    mp = mpmath_module()
    if not 0 < x < 2 or -mp.mag(x) > 10_000:
        raise ValueError("erfcinv of a number outside of 0 to 2, or too close to 0")
    if x >= mp.mpf("1e-30"):
        with mp.workprec(mp.mp.prec + max(0, -mp.mag(x))):
            return mp.erfinv(1 - x)
    with mp.workprec(mp.mp.prec + 20):
        size = -mp.log(x)

        def slope(y: Any) -> Any:
            return 2 * mp.exp(-y * y) / (mp.sqrt(mp.pi) * mp.erfc(y))

        return _inverse(lambda y: -mp.log(mp.erfc(y)), slope, mp.sqrt(size - mp.log(mp.pi * size) / 2), size)


def _besselk(v: Any, x: Any) -> Any:
    """The modified Bessel function of the second kind.

    For integer orders and moderate x mpmath takes up to half a second. There it is the integral of exp(-x*cosh(t)) * cosh(v*t)
    by the trapezoidal rule with a step h, whose error falls with exp(-2*pi*a/h) for all a < pi/2.
    """
    mp = mpmath_module()
    if not (mp.isint(v) and x > 1):
        return mp.besselk(v, x)
    with mp.workprec(mp.mp.prec + 20):
        step = 2 * mp.pi * mp.mpf("1.4") / (mp.mp.prec + x + 2 * abs(v))
        total, k, term = mp.exp(-x) / 2, 0, mp.inf
        while term > mp.ldexp(total, -mp.mp.prec):
            k += 1
            term = mp.exp(-x * mp.cosh(k * step)) * mp.cosh(v * k * step)
            total += term
        return total * step


def _hermite_prob(n: Any, x: Any) -> Any:
    mp = mpmath_module()
    return mp.hermite(n, x / mp.sqrt(2)) / mp.sqrt(2) ** n


def _inverse(function: Callable[[Any], Any], slope: Callable[[Any], Any], start: Any, wanted: Any) -> Any:
    """The place at which an increasing function is `wanted`, by Newton's steps from a place that is close."""
    mp = mpmath_module()
    x = mp.mpf(start)
    for _ in range(200):
        step = (function(x) - wanted) / slope(x)
        x -= step
        if abs(step) <= abs(x) * mp.eps * 8:
            return x
    return mp.nan


def _gammaincinv(a: Any, y: Any) -> Any:
    """In the logarithm of the result, which can be very small."""
    mp = mpmath_module()
    from scipy import special

    def value(s: Any) -> Any:
        return mp.gammainc(a, 0, mp.exp(s), regularized=True)

    def slope(s: Any) -> Any:
        return mp.exp(a * s - mp.exp(s)) / mp.gamma(a)

    return mp.exp(_inverse(value, slope, mp.log(float(special.gammaincinv(float(a), float(y)))), y))


def _gammainccinv(a: Any, y: Any) -> Any:
    mp = mpmath_module()
    from scipy import special

    def value(s: Any) -> Any:
        return -mp.gammainc(a, mp.exp(s), regularized=True)

    def slope(s: Any) -> Any:
        return mp.exp(a * s - mp.exp(s)) / mp.gamma(a)

    return mp.exp(_inverse(value, slope, mp.log(float(special.gammainccinv(float(a), float(y)))), -y))


def _betaincinv(a: Any, b: Any, y: Any) -> Any:
    """In the logarithm of x / (1 - x)."""
    mp = mpmath_module()
    from scipy import special

    def place(s: Any) -> Any:
        return 1 / (1 + mp.exp(-s))

    def value(s: Any) -> Any:
        return mp.betainc(a, b, 0, place(s), regularized=True)

    def slope(s: Any) -> Any:
        return place(s) ** a * place(-s) ** b / mp.beta(a, b)

    x = mp.mpf(float(special.betaincinv(float(a), float(b), float(y))))
    return place(_inverse(value, slope, mp.log(x / (1 - x)), y))


def _besselk_by_order(k: Any, v: Any, x: Any, scaled: bool = False) -> Any:
    """The k-th derivative by v: the integral of t^k * exp(v*t - x*cosh(t)) / 2 over all t, by the trapezoidal rule."""
    mp = mpmath_module()
    with mp.workprec(mp.mp.prec + 40):
        k, v, x = int(k), mp.mpf(v), mp.mpf(x)
        step = 2 * mp.pi * mp.mpf("1.4") / (mp.mp.prec + x + 2 * abs(v))
        less = x if scaled else 0
        end = 1 + mp.asinh((2 * mp.mp.prec + abs(v) * 60) / x)
        total = mp.mpf(0)
        for n in range(-int(end / step) - 1, int(end / step) + 2):
            t = n * step
            total += t**k * mp.exp(v * t - x * mp.cosh(t) + less)
        return total * step / 2


def _powslope(k: Any, x: Any, y: Any) -> Any:
    factor = mpmath_module().mpf(1)
    for i in range(int(k)):
        factor *= y - i
    return factor * x ** (y - k) if factor else factor


def _polylog_z(k: Any, s: Any, z: Any) -> Any:
    """By the sum over i of n^(k - s) * z^(n - k), whose polynomials in n are those of z*d/dz; at 0 the one coefficient that is left."""
    mp = mpmath_module()
    k = int(k)
    if z == 0:
        return mp.factorial(k) * mp.mpf(max(k, 1)) ** -s if k else mp.mpf(0)
    return sum(mp.stirling1(k, i) * mp.polylog(s - i, z) for i in range(k + 1)) / mp.mpf(z) ** k


def _by(function: Callable[..., Any], *orders: Any) -> Any:
    """A function that takes orders of differentiation before arguments: so many times by each of the first of these."""

    def derivative(*args: Any) -> Any:
        mp = mpmath_module()
        counts, place = [int(n) for n in args[: len(orders)]], args[len(orders) :]
        wanted = tuple(counts[orders.index(i)] if i in orders else 0 for i in range(len(place)))
        return mp.diff(lambda *at: function(mp, *at), tuple(place), wanted) if any(wanted) else function(mp, *place)

    return derivative


LACKING: dict[str, Callable[..., Any]] = {
    "Heaviside": _heaviside,
    "DiracDelta": _dirac_delta,
    "airyaiprime": _airyaiprime,
    "airybiprime": _airybiprime,
    "erfcinv": _erfcinv,
    "besselk": _besselk,
    "laguerre": lambda n, x: mpmath_module().laguerre(n, 0, x),
    "assoc_laguerre": lambda n, a, x: mpmath_module().laguerre(n, a, x),
    "hermite_prob": _hermite_prob,
    "gammaincinv": _gammaincinv,
    "gammainccinv": _gammainccinv,
    "betaincinv": _betaincinv,
    "gammainc_a": _by(lambda mp, a, x: mp.gammainc(a, 0, x, regularized=True), 0),
    "gammaincc_a": _by(lambda mp, a, x: mp.gammainc(a, x, regularized=True), 0),
    "gamma_density_a": _by(lambda mp, a, x: mp.exp((a - 1) * mp.log(x) - x) / mp.gamma(a), 0),
    "gamma_lower_s": _by(lambda mp, s, x: mp.gammainc(s, 0, x), 0),
    "gamma_upper_s": _by(lambda mp, s, x: mp.gammainc(s, x), 0),
    "zeta_s": lambda k, s, a=1: mpmath_module().zeta(s, a, int(k)) if a != 1 else mpmath_module().diff(mpmath_module().zeta, s, int(k)),
    "polylog_z": _polylog_z,
    "betainc_ab": _by(lambda mp, a, b, x: mp.betainc(a, b, 0, x, regularized=True), 0, 1),
    "beta_density_ab": _by(lambda mp, a, b, x: mp.exp((a - 1) * mp.log(x) + (b - 1) * mp.log(1 - x)) / mp.beta(a, b), 0, 1),
    "jv_v": _by(lambda mp, v, x: mp.besselj(v, x), 0),
    "yv_v": _by(lambda mp, v, x: mp.bessely(v, x), 0),
    "iv_v": _by(lambda mp, v, x: mp.besseli(v, x), 0),
    "ive_v": _by(lambda mp, v, x: mp.besseli(v, x) * mp.exp(-x), 0),
    "powslope": _powslope,
    "kv_v": _besselk_by_order,
    "kve_v": lambda k, v, x: _besselk_by_order(k, v, x, scaled=True),
}
"""By the name that is called."""
