"""Writes special_values.txt: formulas of elementary and special functions at ordinary points, edges and far out, with the value
and the first three derivatives by x to 25 digits, from mpmath alone: `python tests/make_special_values.py > tests/special_values.txt`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath as mp

mp.mp.dps = 60

ALL = "0 1e-8 -1e-8 0.5 -0.7 1 -1 3.25 -2.5 12 -12"
POSITIVE = "1e-8 0.3 1 2.5 17 100"
UNIT = "0 1e-9 -0.3 0.999 -0.999"

FORMULAS: list[tuple[str, str, Callable[[Any], Any]]] = [
    ("softplus(x)", ALL + " 1000 -1000", lambda x: mp.log1p(mp.exp(x))),
    ("log(1 + exp(x))", ALL + " 1000 -1000", lambda x: mp.log1p(mp.exp(x))),
    ("log(exp(x) + exp(2*x))", "0 1 -1 1000 -1000", lambda x: x + mp.log1p(mp.exp(x))),
    ("logaddexp2(x, 3)", "0 1 3 1000 -1000", lambda x: mp.log(mp.power(2, x) + 8, 2)),
    ("sigmoid(x)", ALL + " 700 -700", lambda x: 1 / (1 + mp.exp(-x))),
    ("log_expit(x)", ALL + " 1000 -1000", lambda x: -mp.log1p(mp.exp(-x))),
    ("log(sigmoid(x))", ALL + " 1000 -1000", lambda x: -mp.log1p(mp.exp(-x))),
    ("log(cosh(x))", "0.5 -0.7 1 3 -12 1000 -1000", lambda x: mp.log(mp.cosh(x))),
    ("log1mexp(x)", "-1e-8 -0.1 -0.7 -1 -40 -800", lambda x: mp.log(-mp.expm1(x))),
    ("logit(x)", "1e-12 0.1 0.5 0.9", lambda x: mp.log(x / (1 - x))),
    ("expm1(x)", ALL, mp.expm1),
    ("log1p(x)", "0 1e-12 -1e-12 0.5 -0.5 1e8 1e300", mp.log1p),
    ("log2(x)", "1e-300 0.5 1 8 1e300", lambda x: mp.log(x, 2)),
    ("log10(x)", "1e-300 0.5 1 1000 1e300", lambda x: mp.log(x, 10)),
    ("exp2(x)", "0 1 -3.5 10", lambda x: mp.power(2, x)),
    ("exp10(x)", "0 1 -3.5 10", lambda x: mp.power(10, x)),
    ("cbrt(x)", "1 -1 8 -0.001 1e8 -1e12", lambda x: mp.sign(x) * mp.cbrt(abs(x))),
    ("hypot(x, 3)", "0 1 -4 1e8", lambda x: mp.sqrt(x * x + 9)),
    ("deg2rad(x)", "0 1 180", mp.radians),
    ("rad2deg(x)", "0 1 -3", mp.degrees),
    ("sinc(x)", ALL + " 1e-3 0.01 1e4", mp.sincpi),
    ("sec(x)", "0 1 -1 1.5 4", mp.sec),
    ("csc(x)", "1e-5 1 -1 1.5 4", mp.csc),
    ("cot(x)", "1e-5 1 -1 1.5 4", mp.cot),
    ("asec(x)", "1.0001 -1.5 2 -30 1e8", mp.asec),
    ("acsc(x)", "1.0001 -1.5 2 -30 1e8", mp.acsc),
    ("acot(x)", "1e-5 1 -1 30 -1e8", lambda x: mp.atan(1 / x)),
    ("sech(x)", ALL + " 200 -200", mp.sech),
    ("csch(x)", "1e-5 1 -1 12 200 -200", mp.csch),
    ("coth(x)", "1e-5 1 -1 12 300", mp.coth),
    ("tanh(x)", ALL + " 300", mp.tanh),
    ("asech(x)", "1e-300 1e-8 0.5 0.999", mp.asech),
    ("acsch(x)", "1e-300 1e-8 0.5 -1 30 -1e8", lambda x: mp.asinh(1 / x)),
    ("acoth(x)", "1.0001 -1.5 2 -30 1e8", mp.acoth),
    ("asinh(x)", ALL + " 1e8 -1e100", mp.asinh),
    ("acosh(x)", "1.0001 1.5 2 30 1e8", mp.acosh),
    ("atanh(x)", UNIT, mp.atanh),
    ("erf(x)", "0 1e-9 0.5 -0.7 3 -4", mp.erf),
    ("erfc(x)", "0 1e-9 0.5 -0.7 3 -4 20 26", mp.erfc),
    ("erfi(x)", "0 1e-9 0.5 -0.7 3 -4 20", mp.erfi),
    ("erfcx(x)", "0 1e-9 0.5 -0.7 3 -4", lambda x: mp.exp(x * x) * mp.erfc(x)),
    ("exp(x^2)*erfc(x)", "0 0.5 -0.7 3", lambda x: mp.exp(x * x) * mp.erfc(x)),
    ("dawsn(x)", "0 1e-9 0.5 -0.7 3 -4", lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x)),
    ("erfinv(x)", UNIT + " 0.5", mp.erfinv),
    ("erfcinv(x)", "1e-20 0.1 1 1.7", lambda x: mp.erfinv(1 - x)),
    ("ndtr(x)", "0 1 -1 -20 4", mp.ncdf),
    ("log_ndtr(x)", "0 1 -1 -20 -100 4", lambda x: mp.log(mp.erfc(-x / mp.sqrt(2)) / 2)),
    ("log(erfc(x))", "0 1 -1 5 40", lambda x: mp.log(mp.erfc(x))),
    ("ndtri(x)", "1e-20 0.1 0.5 0.9", lambda x: -mp.sqrt(2) * mp.erfinv(1 - 2 * x)),
    ("owens_t(x, 2)", "0 0.5 -1 3", lambda x: mp.quad(lambda t: mp.exp(-x * x * (1 + t * t) / 2) / (1 + t * t), [0, 2]) / (2 * mp.pi)),
    ("norm_pdf(x)", "0 1 -1 5", mp.npdf),
    ("norm_logpdf(x, 1, 2)", "0 1 -1 500", lambda x: -(((x - 1) / 2) ** 2) / 2 - mp.log(2) - mp.log(2 * mp.pi) / 2),
    ("gamma(x)", "1e-5 0.5 1 2 5 -0.5 -1.5 -3.3 30 150", mp.gamma),
    ("rgamma(x)", "0.5 1 2 5 -0.5 -1.5 -3.3 30", mp.rgamma),
    ("gammaln(x)", "1e-5 0.5 1 2 5 -0.5 -3.3 1e4 1e8", lambda x: mp.log(abs(mp.gamma(x)))),
    ("digamma(x)", "1e-5 0.5 1 2 5 -0.5 -3.3 1e4 1e8", mp.digamma),
    ("trigamma(x)", "1e-3 0.5 1 2 5 -0.5 -3.3 1e4", lambda x: mp.psi(1, x)),
    ("polygamma(3, x)", "0.01 0.5 1 2 5 -0.5 100", lambda x: mp.psi(3, x)),
    ("factorial(x)", "0 0.5 4 20 -0.5", mp.factorial),
    ("beta(x, 3)", "0.01 1 2.5 -0.5 40", lambda x: mp.beta(x, 3)),
    ("betaln(x, 300)", "0.01 1 2.5 400", lambda x: mp.log(mp.beta(x, 300))),
    ("binom(x, 3)", "5.5 10 0.3", lambda x: mp.binomial(x, 3)),
    ("gammainc(3, x)", "0.01 1 5 20", lambda x: mp.gammainc(3, 0, x, regularized=True)),
    ("gammaincc(2.5, x)", "0.01 1 5 100", lambda x: mp.gammainc(2.5, x, regularized=True)),
    ("gamma_lower(3, x)", "0.01 1 5 20", lambda x: mp.gammainc(3, 0, x)),
    ("gamma_upper(2.5, x)", "0.01 1 5 100", lambda x: mp.gammainc(2.5, x)),
    ("betainc(2, 3.5, x)", "0.01 0.5 0.9", lambda x: mp.betainc(2, 3.5, 0, x, regularized=True)),
    ("zeta(2.5, x)", "0.01 0.5 1 30", lambda x: mp.zeta(2.5, x)),
    ("zeta(0.5, x)", "0.01 0.5 1 30", lambda x: mp.zeta(0.5, x)),
    ("xlogy(x, 3)", "0 1e-300 2 -4", lambda x: x * mp.log(3)),
    ("xlogy(x, x)", "1e-300 0.2 1 5", lambda x: x * mp.log(x)),
    ("entr(x)", "1e-300 0.2 1 5", lambda x: -x * mp.log(x)),
    ("rel_entr(x, 2)", "1e-300 0.2 2 5", lambda x: x * mp.log(x / 2)),
    ("kl_div(x, 2)", "0.2 2 2.0000001 5", lambda x: x * mp.log(x / 2) - x + 2),
    ("pseudo_huber(2, x)", "0 1e-9 1 -5 1e8", lambda x: 4 * (mp.sqrt(1 + x * x / 4) - 1)),
    ("gelu(x)", "0 1 -1 5 -5", lambda x: x * mp.ncdf(x)),
    ("silu(x)", "0 1 -1 30 -30 700", lambda x: x / (1 + mp.exp(-x))),
    ("softsign(x)", "0.5 -0.5 3 -1e8", lambda x: x / (1 + abs(x))),
    ("jv(0.5, x)", POSITIVE, lambda x: mp.besselj(0.5, x)),
    ("jv(3, x)", ALL, lambda x: mp.besselj(3, x)),
    ("yv(1.5, x)", "0.3 1 2.5 17 100", lambda x: mp.bessely(1.5, x)),
    ("iv(2, x)", ALL, lambda x: mp.besseli(2, x)),
    ("kv(0.5, x)", "0.01 0.3 1 2.5 17 100", lambda x: mp.besselk(0.5, x)),
    ("j0(x)", ALL, lambda x: mp.besselj(0, x)),
    ("j1(x)", ALL, lambda x: mp.besselj(1, x)),
    ("y0(x)", "1e-5 0.3 1 2.5 17 100", lambda x: mp.bessely(0, x)),
    ("y1(x)", "1e-5 0.3 1 2.5 17 100", lambda x: mp.bessely(1, x)),
    ("i0(x)", ALL + " 600", lambda x: mp.besseli(0, x)),
    ("i1(x)", ALL + " 600", lambda x: mp.besseli(1, x)),
    ("log(i0(x))", "0 1 -3 800 -800", lambda x: mp.log(mp.besseli(0, x))),
    ("i0e(x)", "0.5 -0.7 1 12", lambda x: mp.exp(-abs(x)) * mp.besseli(0, x)),
    ("i1e(x)", "0.5 -0.7 1 12", lambda x: mp.exp(-abs(x)) * mp.besseli(1, x)),
    ("k0(x)", "1e-5 0.3 1 2.5 17 100", lambda x: mp.besselk(0, x)),
    ("k1(x)", "1e-5 0.3 1 2.5 17 100", lambda x: mp.besselk(1, x)),
    ("k0e(x)", "1e-5 0.3 1 2.5 17", lambda x: mp.exp(x) * mp.besselk(0, x)),
    ("spherical_jn(2, x)", "1e-3 0.5 -0.7 5 20", lambda x: mp.sqrt(mp.pi / 2) * mp.besselj(2.5, abs(x)) / mp.sqrt(abs(x))),
    ("airyai(x)", ALL, mp.airyai),
    ("airybi(x)", ALL, mp.airybi),
    ("airyaiprime(x)", ALL, lambda x: mp.airyai(x, derivative=1)),
    ("airybiprime(x)", ALL, lambda x: mp.airybi(x, derivative=1)),
    ("ei(x)", "1e-8 0.5 -0.7 1 12 -12 100", mp.ei),
    ("e1(x)", POSITIVE, mp.e1),
    ("li(x)", "0.5 0.99 1.5 2 1e8", mp.li),
    ("si(x)", ALL + " 1e4", mp.si),
    ("ci(x)", POSITIVE, mp.ci),
    ("shi(x)", ALL, mp.shi),
    ("chi(x)", POSITIVE, mp.chi),
    ("fresnel_s(x)", "0 1e-8 0.5 -0.7 1 3.25 12", mp.fresnels),
    ("fresnel_c(x)", "0 1e-8 0.5 -0.7 1 3.25 12", mp.fresnelc),
    ("ellipk(x)", "0 1e-9 -1e-4 0.5 0.999 -3 -1e4", mp.ellipk),
    ("ellipe(x)", "0 1e-9 -1e-4 0.5 0.999 -3 -1e4", mp.ellipe),
    ("ellipd(x)", "0 1e-9 0.5 0.9 -3", lambda m: mp.pi / 4 * mp.hyp2f1(0.5, 1.5, 2, m)),
    ("ellipf(x, 0.5)", "0 0.5 -1 2 10", lambda x: mp.ellipf(x, 0.5)),
    ("ellipf(0.4, x)", "-3 0.5 2 5", lambda m: mp.ellipf(0.4, m)),
    ("ellipf(2.5, x)", "-3 0.5 0.9", lambda m: mp.ellipf(2.5, m)),
    ("ellipe(x, 0.5)", "0 0.5 -1 2 10", lambda x: mp.ellipe(x, 0.5)),
    ("ellipe(0.4, x)", "-3 0.5 2 5", lambda m: mp.ellipe(0.4, m)),
    ("hyp2f1(1, 2, 3.5, x)", "0 0.5 -0.7 0.9 -30", lambda x: mp.hyp2f1(1, 2, 3.5, x)),
    ("hyp1f1(0.5, 2, x)", ALL, lambda x: mp.hyp1f1(0.5, 2, x)),
    ("hyp0f1(2.5, x)", ALL, lambda x: mp.hyp0f1(2.5, x)),
    ("lambertw(x)", "0 1e-9 0.5 -0.3 -0.36 10 1e8 1e300", lambda x: mp.lambertw(x).real),
    ("polylog(3, x)", "1e-3 0.5 -0.7 0.99 -5 -300", lambda x: mp.polylog(3, x)),
    ("polylog(-2, x)", "1e-3 0.5 -0.7 0.9 -5", lambda x: mp.polylog(-2, x)),
    ("dilog(x)", "0 1e-9 0.5 -0.7 0.99 -5 -1e4", lambda x: mp.polylog(2, x)),
    ("spence(x)", "0.01 0.5 1 1.7 40", lambda x: mp.polylog(2, 1 - x)),
]


def digits(value: Any) -> str:
    return mp.nstr(mp.re(value), 25, min_fixed=-3, max_fixed=6)


def main() -> None:
    print("# formula | x | value | first, second and third derivative. Written by make_special_values.py.")
    for formula, points, function in FORMULAS:
        for text in points.split():
            x = mp.mpf(float(text))  # the double
            small = 150 if abs(x) > 100 else 50  # digits of the step; some functions are as close to constant as exp(-2*x)
            with mp.workdps(5 * small):
                step = (abs(x) or 1) * mp.mpf(10) ** -small
                values = [mp.re(function(x + k * step)) for k in (-2, -1, 0, 1, 2)]
                weights = ((0, 0, 1, 0, 0), (0, -0.5, 0, 0.5, 0), (0, 1, -2, 1, 0), (-0.5, 1, 0, -1, 0.5))
                found = [mp.fdot(w, values) / step**order for order, w in enumerate(weights)]
            noise = max(abs(d * (abs(x) or 1) ** order) for order, d in enumerate(found)) * mp.mpf(10) ** (-2 * small + 10)
            shown = [digits(d if abs(d * (abs(x) or 1) ** order) > noise else mp.mpf(0)) for order, d in enumerate(found)]
            print(f"{formula} | {text} | {' | '.join(shown)}")


if __name__ == "__main__":
    main()
