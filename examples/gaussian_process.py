"""The log marginal likelihood of a Gaussian process, by cholesky and by logdet and solve, with its gradient beside differences.

It prints:

    by logdet and solve: 29.856435, gradient [ -5.167   10.8752 -88.0989], beside differences True
    by cholesky: 29.856435, gradient [ -5.167   10.8752 -88.0989], beside differences True
"""

import numpy as np

import rewritegrad as rg

KERNEL = """
D: matrix[n, n];  y: vector[n];  eye: matrix[n, n];  a, l, s: scalar > 0
K = a^2*exp(-D/(2*l^2)) + s^2*eye
"""
BY_LOGDET = KERNEL + "-(y @ solve(K, y) + logdet(K))/2"
BY_CHOLESKY = KERNEL + "L = cholesky(K);  z = solve_triangular(L, y, lower=True);  -(z @ z)/2 - sum(log(diagonal(L)))"
INPUTS = ["D", "y", "eye", "a", "l", "s"]


def main() -> None:
    rng = np.random.default_rng(0)
    x = np.sort(rng.uniform(0, 5, size=30))
    given = [(x[:, None] - x) ** 2, np.sin(x) + 0.1 * rng.normal(size=30), np.eye(30)]
    at = np.array([1.0, 0.8, 0.2])
    for name, text in (("logdet and solve", BY_LOGDET), ("cholesky", BY_CHOLESKY)):
        likelihood = rg.parse(text)
        f = rg.function(INPUTS, likelihood)
        g = rg.function(INPUTS, rg.grad(likelihood, ["a", "l", "s"]))
        found = np.array(g(*given, *at))
        steps = 1e-5 * np.eye(3)
        slopes = np.array([(f(*given, *(at + h)) - f(*given, *(at - h))) / 2e-5 for h in steps])
        print(f"by {name}: {float(f(*given, *at)):.6f}, gradient {found.round(4)}, beside differences {np.allclose(found, slopes, rtol=1e-6)}")


if __name__ == "__main__":
    main()
