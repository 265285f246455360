# %% [markdown]
# # How long was the front, and where did it move?
#
# A front is where ground of two sides meets. Ground that nobody assessed has no front, so a front
# grows when more ground is assessed: read its length beside the ground of each side.

# %%
from geo import open_layers

rif = open_layers("../layers")
rif.plot.front("government", "opposition")

# %%
rif.plot.areas()

# %% [markdown]
# The jump at the end of July is no campaign of one day: on 31 July a snapshot of many places is in
# force that the dates before it do not have, and ground that was grey got a colour.

# %%
areas = rif.areas()
assessed = areas[areas["status"] != "unknown"].groupby("date")["area_km2"].sum()
(assessed / areas.groupby("date")["area_km2"].sum()).rename("assessed share").round(2).to_frame()

# %% [markdown]
# The move that the report of 2 August speaks of:

# %%
moved = rif.movement("2017-07-31", "2017-08-02", "government", "opposition")
print(f"lost {moved.lost_km2:.0f} km2, gained {moved.gained_km2:.0f} km2")
print(f"largest move {moved.largest_km:+.1f} km, nearest place {moved.place_id}")
