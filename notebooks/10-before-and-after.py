# %% [markdown]
# # What changed in the night of 1 to 2 August 2017?
#
# On 2 August the Syrian Observatory for Human Rights reported that two factions had taken the
# area of Bir Mahruthah. How much ground is that, and on what does the figure rest?
#
# Open this file in Jupyter through jupytext or in VS Code; `make notebooks` makes notebooks with
# their pictures. The folder of the layers is the one beside `notebooks/`.

# %%
from geo import open_layers

rif = open_layers("../layers")
rif

# %%
rif.plot(rif.before)

# %%
rif.plot(rif.after)

# %% [markdown]
# Who gained from whom, in geodesic square kilometres. Rows are holders before, columns after.

# %%
rif.transfers(rif.before, rif.after).round(1)

# %%
rif.change(rif.before, rif.after)

# %% [markdown]
# The figure is a drawing, not a survey: no source says how deep the advance went. Its borders are
# halves of the way to the next place with evidence, or 10 km from the place itself, less its own
# error. What the patch rests on:

# %%
print(rif.why("bir_mahruthah", rif.after))

# %% [markdown]
# The same as one finished picture, for a report:

# %%
rif.still(rif.after, before=rif.before)
