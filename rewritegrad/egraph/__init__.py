"""The e-graph engine. It names no operator and knows no mathematics beyond exact rationals.

rational       exact numbers: ints where integral, Fractions only where not
nodes          e-nodes, and the table of those of one operator
language       what the engine is told of the operators, and the core form of patterns
core           e-classes: hash-consing, the union-find with rational edges, rebuilding
sums           sums as multisets with rational coefficients; numbers; shapes
products       products as multisets with rational exponents
multiset       other multisets; all of them rebuilt and flattened; the e-graph as a whole
emit           Python source with indentation and fresh names
naming         which variables the parts of a law name
builder        a right side -> the source that enters it
each           patterns for every child of a sum or product, at run time
matching       a matcher in the making, and the steps that all patterns share
matchsums      the terms of a sum in a pattern
matchproducts  the factors of a product in a pattern
matcher        a core pattern -> the source of its matcher, compiled
saturate       match, apply, rebuild, under limits that hold within an iteration
extract        the cheapest member of each class, counted on the DAG
"""
