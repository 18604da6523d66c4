"""The e-graph engine. It names no operator and knows no mathematics beyond exact rationals.

language    what the engine is told of the operators, and the core form of patterns
rational    exact numbers: ints where integral, Fractions only where not
core        e-nodes, e-classes, hash-consing, the union-find with rational edges, rebuilding
multiset    sums and products: like terms merged when a node is made
emit        Python source with indentation and mangled names
matcher     a core pattern -> the source of a matcher
builder     a right side -> the source that enters it
each        patterns for every child of a sum or product, at run time
saturate    match, apply, rebuild, under limits that hold within an iteration
extract     the cheapest member of each class, counted on the DAG
"""
