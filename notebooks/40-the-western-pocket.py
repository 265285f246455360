# %% [markdown]
# # What could have been cut off?
#
# The report's sharpest sentence is a what-if: if the government took the few kilometres that the
# factions still held, the factions to the west would be besieged. Ground that nobody assessed can
# be read in three ways; the answer is given for each.

# %%
from geo import open_layers

rif = open_layers("../layers")
columns = ["unknown", "rank", "length_km", "area_km2", "place_ids"]
for rule in ("passable", "own", "enemy"):
    print(rif.necks("2017-07-31", "opposition", unknown=rule)[columns].round(1).to_string())

# %% [markdown]
# Through the summer: what was cut off already, if unknown ground is the enemy's.

# %%
for day in rif.dates:
    cut_off = rif.pockets(day, "opposition", unknown="enemy")
    print(day, f"{cut_off['area_km2'].sum():,.0f} km2 in {len(cut_off)} pockets")

# %%
rif.plot("2017-07-31")
