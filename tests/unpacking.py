"""The store of a page read back, apart from its own reader."""

import base64
import gzip
import json

import numpy as np


def leb128(data):
    out, value, shift = [], 0, 0
    for byte in data:
        value |= (byte & 127) << shift
        shift += 7
        if not byte & 128:
            out.append(value)
            value = shift = 0
    return out


def unzigzag(values):
    return [-(v + 1) // 2 if v % 2 else v // 2 for v in values]


def unpacked(text):
    raw = gzip.decompress(base64.b64decode(text))
    chunks = []
    while raw:
        size = int.from_bytes(raw[:4], "little")
        chunks.append(raw[4 : 4 + size])
        raw = raw[4 + size :]
    header = json.loads(chunks[0])
    left, right, start, end, counts, dx, dy, areas, runs = map(leb128, chunks[1:])
    history, at = [], 0
    for _ in areas:
        row = []
        for _ in range(runs[at]):
            row += [runs[at + 2] - 1] * runs[at + 1]
            at += 2
        at += 1
        history.append(row)
    xy = np.column_stack([np.cumsum(unzigzag(dx)), np.cumsum(unzigzag(dy))]) * header["quantum"]
    return {
        "header": header,
        "left": np.array(left) - 1,
        "right": np.array(right) - 1,
        "start": np.cumsum(unzigzag(start)),
        "end": np.cumsum(unzigzag(end)),
        "lines": np.split(xy, np.cumsum(counts)[:-1]),
        "areas": np.array(areas) * header["area_unit"],
        "history": np.array(history),
    }
