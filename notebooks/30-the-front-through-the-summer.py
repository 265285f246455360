# %% [markdown]
# # How long was the front, and where did it move?
#
# A front is where drawn ground of two sides meets. Where no side is likely enough there is none, so
# a front grows when more ground is drawn: read its length beside the ground of each side. Its
# confidence is low all along, for close to a front neither side can be sure.

# %%
from geo import open_layers

rif = open_layers("../layers")
rif.plot.front("government", "opposition")

# %%
rif.plot.areas()

# %% [markdown]
# The lines are the middle of the maps that the evidence allows, the shade holds nine in ten of
# them. Ground that is not drawn is somebody's too, so in spring, when few places are spoken of, the
# shade is wide, and the first date says more of who was reported on than of who held what. The fall
# from 9 to 14 July is the government's push; in the first days of August the factions come back.
#
# How much of the theatre is drawn for a side, and what of it direct evidence shows:

# %%
areas = rif.areas()
held = areas[areas["status"] == "controlled"].groupby("date")[["drawn_km2", "shown_km2"]].sum()
held.div(areas.groupby("date")["drawn_km2"].sum(), axis=0).round(2)

# %% [markdown]
# The move that the report of 2 August speaks of:

# %%
moved = rif.movement("2017-07-31", "2017-08-02", "government", "opposition")
low, high = moved.bands["lost_km2"]
print(f"the government lost about {moved.lost_km2:.0f} km2 ({low:.0f} to {high:.0f})")
print(f"largest move {moved.largest_km:+.1f} km, nearest place {moved.place_id}")
