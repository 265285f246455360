# %% [markdown]
# # What could have been cut off?
#
# The report's sharpest sentence is a what-if: if the government took the few kilometres that the
# factions still held, the factions to the west would be besieged. Where was that neck, and when?
#
# Date by date, the narrowest neck with more than 300 km2 behind it, and what is cut off already:

# %%
from geo import open_layers

rif = open_layers("../layers")
series = rif.narrowest("opposition", min_area_km2=300)
series[["day", "length_km", "area_km2", "from_place", "to_place", "cut_off_km2"]].round(1)

# %%
rif.plot.necks(series)

# %% [markdown]
# Until 9 July the ground of the factions is one, and no cut of 30 km or less would have severed so
# much. Then the government comes down on both sides, and within two days the neck is as wide as
# from ar-Ruhbah in the south to Jabal Seis in the north:

# %%
(first, *_) = rif.necks("2017-07-12", "opposition").itertuples()
print(first.legs.replace("; ", "\n"))
print("events there in the 30 days before:", first.event_ids)

# %%
rif.plot("2017-07-12")

# %% [markdown]
# On 31 July and 2 August the map draws the western pocket as cut off; but SOHR still speaks of a
# few kilometres. It is one word about that ground, and it does not say where they lie, while posts
# of the government on either hand are firmly attested. So the drawing closes a gap that the
# evidence leaves ajar. How likely each side is from south to north across it:

# %%
across = [(37.36, 33.14 + 0.02 * k) for k in range(8)]
rif.probabilities("2017-08-02", across).round(2)

# %% [markdown]
# And if the government had closed the neck of 12 July? An advance over its legs, 2 km broad. Nobody
# reported it. Ground that nobody assessed can be read in three ways; the answer is given for each.

# %%
legs = getattr(first.geometry, "geoms", [first.geometry])
prongs = [[leg.coords[0], leg.coords[-1]] for leg in legs]
asked = rif.what_if("2017-07-12", "government", *prongs)
print(asked.question)
asked.sieges().set_index(["side", "unknown"])[["before_km2", "after_km2", "besieged"]].round(0)

# %% [markdown]
# Through the summer: what was cut off already, if unknown ground is the enemy's. In spring that is
# nearly all, for islands of drawn ground lie in what nobody assessed; from mid-July it is the
# western pocket and Eastern Qalamoun, an enclave under a truce.

# %%
for day in rif.dates:
    cut_off = rif.pockets(day, "opposition", unknown="enemy")
    print(day, f"{cut_off['area_km2'].sum():,.0f} km2 in {len(cut_off)} pockets")
