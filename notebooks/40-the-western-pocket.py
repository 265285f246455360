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
# The first neck is a chain: each leg closes one way out of the western pocket. The one between the
# northern prong at Jabal Seis and the southern one at ar-Ruhbah is 3.8 km of ground that nobody
# assessed.

# %%
(first, *_) = rif.necks("2017-07-31", "opposition").itertuples()
print(first.legs.replace("; ", "\n"))
print("events there in the 30 days before:", first.event_ids)

# %%
rif.plot("2017-07-31")

# %% [markdown]
# Through July and August: the narrowest neck with more than 300 km2 behind it. Until mid-July no
# cut of 30 km or less would have severed so much. Once the two prongs of the government had come
# down on both sides, 13 km of ground were enough; by the end of August, under 8.

# %%
series = rif.narrowest("opposition", min_area_km2=300)
print(series[["day", "length_km", "area_km2", "necks", "place_ids"]].round(1).to_string())

# %%
rif.plot.necks(series)

# %% [markdown]
# And if it had come to that? An advance over the legs of that neck, 2 km broad. Nobody reported it.

# %%
ends = [leg.coords for leg in first.geometry.geoms]
asked = rif.what_if("2017-07-31", "government", *[[leg[0], leg[-1]] for leg in ends])
print(asked.question)
asked.sieges().set_index(["side", "unknown"])[["before_km2", "after_km2", "besieged"]]

# %% [markdown]
# Through the summer: what was cut off already, if unknown ground is the enemy's.

# %%
for day in rif.dates:
    cut_off = rif.pockets(day, "opposition", unknown="enemy")
    print(day, f"{cut_off['area_km2'].sum():,.0f} km2 in {len(cut_off)} pockets")
