"""The uncertainty of a measured quantity, from those of what was measured, by the partial derivatives of its formula.

It prints:

    d/dl = 4*(pi/T)^2
    d/dT = -8*pi^2*l/T^3
    g = 9.805 +- 0.011 m/s^2
    d/dL = -sqrt(C/L)/(4*pi*(L*C))
    d/dC = -sqrt(L/C)/(4*pi*(L*C))
    f = 5033 +- 128 Hz
    d/da = cos(a)/sin(b)
    d/db = -sin(a)*cos(b)/sin(b)^2
    n = 1.501 +- 0.016
"""

import math

import rewritegrad as rg


def propagated(formula: str, measured: dict[str, tuple[float, float]]) -> tuple[float, float]:
    """The value of a formula and its standard deviation; `measured` has both for every variable."""
    types = dict.fromkeys(measured, "scalar > 0")
    term = rg.parse(formula, types=types)
    slopes = rg.grad(term, list(measured))
    for name, slope in zip(measured, slopes, strict=True):
        print(f"d/d{name} = {slope}")
    value, *at = rg.function(list(measured), [term, *slopes])(*[mean for mean, _ in measured.values()])
    return float(value), math.sqrt(sum((float(s) * sigma) ** 2 for s, (_, sigma) in zip(at, measured.values(), strict=True)))


def main() -> None:
    g, sigma = propagated("4*pi^2*l/T^2", {"l": (0.9940, 0.0005), "T": (2.0005, 0.0010)})
    print(f"g = {g:.3f} +- {sigma:.3f} m/s^2")
    f, sigma = propagated("1/(2*pi*sqrt(L*C))", {"L": (10.0e-3, 0.1e-3), "C": (100e-9, 5e-9)})
    print(f"f = {f:.0f} +- {sigma:.0f} Hz")
    n, sigma = propagated("sin(a)/sin(b)", {"a": (math.radians(45.0), 0.005), "b": (math.radians(28.1), 0.005)})
    print(f"n = {n:.3f} +- {sigma:.3f}")


if __name__ == "__main__":
    main()
