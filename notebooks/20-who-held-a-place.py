# %% [markdown]
# # Who held Bir Mahruthah, and which places changed hands most?

# %%
from itertools import pairwise

import pandas as pd

from geo import open_layers

rif = open_layers("layers")
history = rif.history("bir_mahruthah")
history[["valid_from", "valid_to", "controller", "controllers", "status", "confidence"]]

# %% [markdown]
# The same for every place that can be read on the map, counted by changes of holder. Ground that
# was not assessed counts as neither gain nor loss.

# %%
rows = []
for place in rif.places_in(rif.area):
    held = [h for h in rif.history(place)["controller"] if h]
    rows.append((place, sum(a != b for a, b in pairwise(held))))
changes = pd.DataFrame(rows, columns=["place", "changes"])
changes.sort_values(["changes", "place"], ascending=[False, True]).head(10)
