"""One ridge sweep of replicate-aware NMF with a plain matrix library, to hold ours against.

    python3 library.py FEATURES MESSAGES COLUMNS SWEEPS

Prints CPU milliseconds per sweep. The closed form of leave-one-out as in learning/nmf.h, X sparse, written as one writes
it with numpy. Needs numpy and scipy, which nothing else here does.
"""
import sys
import time

import numpy
from scipy import sparse

GRID = (1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100)


def matrix(features, messages, random):
    """Zeros and ones, 14 to 16 of these in a column."""
    rows = [random.choice(features, random.integers(14, 17), replace=False) for _ in range(messages)]
    columns = numpy.repeat(numpy.arange(messages), [len(r) for r in rows])
    return sparse.csr_matrix((numpy.ones(len(columns)), (numpy.concatenate(rows), columns)), (features, messages))


def regress(y, z, weight):
    """The rows of Y' on those of Z: max(0, (Z'WZ + lambda I)^-1 Z'WY)."""
    d, v = numpy.linalg.eigh(z.T @ (z * weight[:, None]))
    d = numpy.maximum(d, 0)
    u = z @ v
    p = (y.T @ (u * weight[:, None])).T
    q = y @ p.T
    k = p @ p.T
    own = numpy.asarray(y.multiply(y).sum(axis=1)).ravel()
    best, chosen = numpy.inf, GRID[0]
    for ridge in GRID:
        s = u / (d + ridge)
        rest = numpy.maximum(own - 2 * (s * q).sum(axis=1) + ((s @ k) * s).sum(axis=1), 0)
        error = (weight * rest / numpy.maximum(1 - (u * s).sum(axis=1), 1e-9) ** 2).sum()
        if error < best:
            best, chosen = error, ridge
    return numpy.maximum(v @ (p / (d + chosen)[:, None]), 0)


def sweep(x, transposed, b, weight, ones):
    c = regress(x, b, ones)
    b = regress(transposed, c.T, weight).T
    length = numpy.linalg.norm(b, axis=0)
    b = b[:, length > 0] / length[length > 0]
    return b


def main():
    features, messages, columns, sweeps = map(int, sys.argv[1:])
    random = numpy.random.default_rng(1)
    x = matrix(features, messages, random)
    transposed = x.T.tocsr()
    weight = numpy.floor(numpy.minimum(1 / random.random(messages), 10000))
    b = random.random((features, columns))
    began = time.process_time()
    for _ in range(sweeps):
        b = sweep(x, transposed, b, weight, numpy.ones(features))
    print(1000 * (time.process_time() - began) / sweeps)


if __name__ == "__main__":
    main()
