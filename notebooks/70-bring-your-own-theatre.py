# %% [markdown]
# # From a table of who held what to a map: bring your own theatre
#
# The table beside this notebook says for some towns which side of the Western Front they lay on, at
# six dates. It is read off coarse front lines (wwi-explorer by Xiaokai Ye, MIT); towns
# nearer than 12 km to a line were left out of that date, because the lines are no better than that.
# Any table of places, dates and holders will do.

# %%
from collections import Counter
from pathlib import Path
from tempfile import mkdtemp

from geo import import_into, open_layers

folder = Path(mkdtemp()) / "western-front"
told = {"name": "Western Front, 1914-1918", "publisher": "wwi-explorer", "licence": "MIT"}
told |= {"basis": "assessed", "confidence": "moderate"}
imported = import_into(folder, "statements-csv", "western-front.csv", **told)
print(imported.report())

# %% [markdown]
# Nothing is guessed silently: the report says which column became what, what their words for the
# holders were taken to mean, and that every row is accounted for. The folder can be edited like
# any other now. Next, a control layer for each date, the earliest first, for each follows the one
# before. How far a town tells of the ground round it, and for how long, is fitted to the table
# itself; nothing is set by hand.

# %%
theatre = open_layers(folder)
days = sorted({str(row.values["date"]) for row in theatre.folder.statements.rows})
for day in days:
    theatre.write_estimate(day)
theatre = open_layers(folder)
theatre

# %%
theatre.plot("1918-07-19")

# %% [markdown]
# Full colour is ground that is assessed, dots are ground that follows from words farther away, pale
# is ground that is only presumed. The front runs where both sides are as likely.

# %%
theatre.plot.areas()

# %% [markdown]
# What the last hundred days changed, as drawn:

# %%
theatre.transfers("1918-07-19", "1918-11-11").round(0)

# %% [markdown]
# Which towns changed hands most? A town near the line has no word of its own on that date, and the
# draft reads it from its neighbours and from its own words of other dates. So here only those that
# the table speaks of at every date:

# %%
words = Counter(row.values["place_id"] for row in theatre.folder.statements.rows)
towns = theatre.places()
towns = towns[towns["place_id"].map(words) == len(days)]
theatre.plot.places(list(towns["place_id"].head(10)))

# %% [markdown]
# And the map to hand on: one file, for any browser.

# %%
theatre.map("1918-07-19", "1918-11-11").save(folder.parent / "western-front.html").name
