"""Writes the files beside it with NumPy itself. NpyTest reads them; run this only to add one."""

import numpy as np

FLOATS = [0.0, -0.0, 1.5, np.nan, -np.inf, None]
SMALLEST = {"f2": 2.0 ** -24, "f4": 2.0 ** -149, "f8": 5e-324}
VALUES = {
    **{kind: [SMALLEST[kind] if v is None else v for v in FLOATS] for kind in SMALLEST},
    "i4": [0, 1, -1, -2**31, 2**31 - 1, 258],
    "i8": [0, 1, -1, -2**63, 2**63 - 1, 258],
    "u1": [0, 1, 127, 128, 255, 7],
    "b1": [True, False, False, True, True, False],
}

for kind, values in VALUES.items():
    for order_name, order in (("le", "<"), ("be", ">")):
        if kind in ("u1", "b1") and order == ">":
            continue
        for layout in ("C", "F"):
            array = np.asarray(np.array(values, order + kind).reshape(2, 3), order=layout)
            np.save(f"{kind}-{order_name}-{layout.lower()}.npy", array)

cube = np.arange(24, dtype="<i4").reshape(2, 3, 4)
np.save("cube-c.npy", cube)
np.save("cube-f.npy", np.asfortranarray(cube))
np.save("scalar.npy", np.float64(2.5))
np.save("empty.npy", np.zeros((0, 3), "<f4"))
np.save("vector.npy", np.arange(5, dtype="<i8"))
for version in ((2, 0), (3, 0)):
    with open(f"version-{version[0]}.npy", "wb") as f:
        np.lib.format.write_array(f, cube, version=version)
np.savez("stored.npz", weight=cube, bias=np.arange(3, dtype="<f4"), **{"layer/mask": np.array([True, False])})
np.savez_compressed("deflated.npz", weight=cube, bias=np.arange(3, dtype="<f4"), **{"layer/mask": np.array([True, False])})

# What NumPy writes of what we cannot hold.
np.save("complex.npy", np.array([1j], "<c8"))
np.save("table.npy", np.array([(1, 2.0)], [("a", "<i4"), ("b", "<f4")]))
np.save("objects.npy", np.array([None, "x"], object), allow_pickle=True)
np.save("raw2.npy", np.array([b"\x80\x3f"], "V2"))
