# %% [markdown]
# # What changed in the night of 1 to 2 August 2017?
#
# On 2 August the Syrian Observatory for Human Rights reported that two factions had taken the
# area of Bir Mahruthah. How much ground is that, and on what does the figure rest?
#
# The script and the notebook of this name are the same; `make notebooks` runs them anew. The folder
# of the layers is the one beside `notebooks/`.

# %%
from geo import open_layers

rif = open_layers("../layers")
rif

# %%
rif.plot(rif.before)

# %%
rif.plot(rif.after)

# %% [markdown]
# Full colour is ground that is assessed: somebody's word is near, and one side is all but sure.
# Dots are ground that follows from words farther away, paler where it is only presumed. Hatched is
# ground of which nobody can say that one side is likely enough.
#
# Who gained from whom on these two drawings, in geodesic square kilometres. Rows are holders
# before, columns after.

# %%
rif.transfers(rif.before, rif.after).round(1)

# %% [markdown]
# A drawing is no survey: no source says how deep the advance went. So a figure of ground is the
# middle of many maps that the evidence allows, and nine in ten of them lie between low and high.
# Only where one side took ground from another there is such a band, and a chance that it gained
# there at all. Where ground became known or unknown, our picture changed.

# %%
change = rif.change(rif.before, rif.after)
change

# %%
figures = ["from_controller", "to_controller", "area_km2", "low_km2", "high_km2", "chance"]
change.loc[change["chance"].notna(), [*figures, "drawn_km2"]].round(2)

# %% [markdown]
# What the patch at the well rests on:

# %%
print(rif.why("bir_mahruthah", rif.after))

# %% [markdown]
# The same as one finished picture, for a report:

# %%
rif.still(rif.after, before=rif.before)
