# %% [markdown]
# # How long was the front, and where did it move?
#
# A front is where ground of two sides meets. Ground that nobody assessed has no front, so a front
# grows when more ground is assessed: read the length beside the assessed share.

# %%
import pandas as pd

from geo import open_layers

rif = open_layers("layers")
areas = rif.areas()
whole = areas.groupby("date")["area_km2"].sum()
known = areas[areas["status"] != "unknown"].groupby("date")["area_km2"].sum()
lengths = [rif.fronts(day, "government", "opposition")["length_km"].sum() for day in rif.dates]
pd.DataFrame({"front_km": lengths, "assessed": known / whole}, index=rif.dates).round(2)

# %%
moved = rif.movement("2017-07-31", "2017-08-02", "government", "opposition")
print(f"lost {moved.lost_km2:.0f} km2, gained {moved.gained_km2:.0f} km2")
print(f"largest move {moved.largest_km:+.1f} km, nearest place {moved.place_id}")
