"""The Greeks of a European call in the model of Black and Scholes, from its price alone, beside the textbook's formulas.

It prints:

    delta    0.66914  True
    vega    32.96562  True
    theta    7.21745  True
    rho     43.07940  True
    gamma    0.01595  True
    price 12.82006
"""

import numpy as np
from scipy.stats import norm

import rewritegrad as rg

PRICE = """
S, K, v, t: scalar > 0;  r: scalar
d1 = (log(S/K) + (r + v^2/2)*t) / (v*sqrt(t))
d2 = d1 - v*sqrt(t)
S*ndtr(d1) - K*exp(-r*t)*ndtr(d2)
"""
AT = {"S": 105.0, "K": 100.0, "v": 0.25, "t": 0.75, "r": 0.03}


def textbook() -> dict[str, float]:
    s, k, v, t, r = AT.values()
    d1 = (np.log(s / k) + (r + v**2 / 2) * t) / (v * np.sqrt(t))
    d2 = d1 - v * np.sqrt(t)
    decay = -s * norm.pdf(d1) * v / (2 * np.sqrt(t)) - r * k * np.exp(-r * t) * norm.cdf(d2)
    return {
        "delta": norm.cdf(d1),
        "vega": s * norm.pdf(d1) * np.sqrt(t),
        "theta": -decay,
        "rho": k * t * np.exp(-r * t) * norm.cdf(d2),
        "gamma": norm.pdf(d1) / (s * v * np.sqrt(t)),
    }


def main() -> None:
    price = rg.parse(PRICE)
    first = dict(zip(("delta", "vega", "theta", "rho"), rg.grad(price, ["S", "v", "t", "r"]), strict=True))
    greeks = {**first, "gamma": rg.diff(price, "S", "S")}
    compiled = rg.function(list(AT), list(greeks.values()))
    for (name, wanted), found in zip(textbook().items(), compiled(*AT.values()), strict=True):
        print(f"{name:6} {found:9.5f}  {np.isclose(found, wanted, rtol=1e-12)}")
    print("price", rg.evaluate(price, **AT).round(5))


if __name__ == "__main__":
    main()
