"""Rosenbrock's function in n dimensions, written with slices, and its minimum by Newton's method with conjugate gradients.

It prints:

    gradient: 200*place(x[1:] - x[:-1]^2, x, at=[1:]) - 2*place(200*x[:-1]*(x[1:] - x[:-1]^2) - x[:-1] + 1, x, at=[:-1])
    beside SciPy's, at 1,000 dimensions: gradient True, Hessian times a vector True
    minimum 2.0e-22 at x[0] = 1.000000, x[-1] = 1.000000
"""

import numpy as np
from scipy import optimize

import rewritegrad as rg

F = rg.parse("sum(100*(x[1:] - x[:-1]^2)^2 + (1 - x[:-1])^2)", x="vector[n]")


def main() -> None:
    gradient = rg.grad(F, "x")
    product = rg.hvp(F, "x", rg.parse("v", v="vector[n]"))
    print("gradient:", gradient)
    f, g = rg.function(["x"], F), rg.function(["x"], gradient)
    hv = rg.function(["x", "v"], product)

    x, v = np.random.default_rng(0).normal(size=(2, 1000))
    print("beside SciPy's, at 1,000 dimensions: gradient", np.allclose(g(x), optimize.rosen_der(x)), end=", ")
    print("Hessian times a vector", np.allclose(hv(x, v), optimize.rosen_hess_prod(x, v)))
    found = optimize.minimize(f, np.zeros(20), jac=g, hessp=hv, method="Newton-CG", options={"xtol": 1e-10})
    print(f"minimum {found.fun:.1e} at x[0] = {found.x[0]:.6f}, x[-1] = {found.x[-1]:.6f}")


if __name__ == "__main__":
    main()
