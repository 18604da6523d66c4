"""Logistic regression by Newton's method: loss, gradient and Hessian products come from one formula.

It prints:

    gradient:  transpose(X) @ (sigmoid(X @ w) - y)
    H @ v:     transpose(X) @ (X @ v/cosh(X @ w/2)^2)/4
    step 0: loss 138.6294
    step 1: loss 93.2718
    step 2: loss 86.6915
    step 3: loss 85.9245
    step 4: loss 85.9082
    step 5: loss 85.9082
    w = [ 1.09 -2.03  0.56]
"""

import numpy as np

import rewritegrad as rg

LOSS = """
X: matrix[n, m];  w: vector[m];  y: vector[n]
p = 1 / (1 + exp(-(X @ w)))
-sum(y*log(p) + (1 - y)*log(1 - p))
"""


def main() -> None:
    loss = rg.parse(LOSS)
    gradient = rg.grad(loss, "w")
    product = rg.hvp(loss, "w", rg.parse("v", v="vector[m]"))
    print("gradient: ", gradient)
    print("H @ v:    ", product)
    value = rg.function(["X", "w", "y"], [loss, gradient])
    curvature = rg.function(["X", "w", "y", "v"], product)

    rng = np.random.default_rng(0)
    rows = rng.normal(size=(200, 3))
    y = (rng.uniform(size=200) < 1 / (1 + np.exp(-(rows @ [1.5, -2.0, 0.5])))).astype(float)
    w = np.zeros(3)
    for step in range(6):
        at, slope = value(rows, w, y)
        print(f"step {step}: loss {at:.4f}")
        hessian = np.column_stack([curvature(rows, w, y, v) for v in np.eye(3)])
        w = w - np.linalg.solve(hessian, slope)
    print("w =", w.round(2))


if __name__ == "__main__":
    main()
