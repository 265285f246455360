# %% [markdown]
# # What changed in the night of 1 to 2 August 2017?
#
# On 2 August the Syrian Observatory for Human Rights reported that two factions had taken the
# area of Bir Mahruthah. How much ground is that, and on what does the figure rest?
#
# Open this file in Jupyter through jupytext, in VS Code, or run it as it is, from the top of the
# checkout.

# %%
from geo import open_layers

rif = open_layers("layers")
rif

# %% [markdown]
# Who gained from whom, in geodesic square kilometres. Rows are holders before, columns after.

# %%
rif.transfers("2017-07-31", "2017-08-02").round(1)

# %%
change = rif.change("2017-07-31", "2017-08-02")
change[["from_controller", "to_controller", "area_km2", "place_ids", "change_ids"]]

# %% [markdown]
# The figure is a drawing, not a survey: no source says how deep the advance went. Its borders are
# halves of the way to the next place with evidence, or 10 km from the place itself, less its own
# error. What the patch rests on:

# %%
print(rif.why("bir_mahruthah", "2017-08-02"))

# %%
rif.still("2017-08-02", before="2017-07-31")
