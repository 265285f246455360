# %% [markdown]
# # How sure are we?
#
# A map shows one answer; the evidence allows many. Places are located to kilometres, statements can
# be wrong, and somebody holds the ground that nobody assessed. So every figure of ground is the
# middle of random maps that the evidence allows, and nine in ten of them lie between its low and
# its high.

# %%
from geo import open_layers

rif = open_layers("../layers")
areas = rif.areas()
columns = ["controller", "status", "area_km2", "low_km2", "high_km2", "drawn_km2", "shown_km2"]
areas.loc[areas["date"] == rif.after, columns].round(0)

# %% [markdown]
# `drawn_km2` is what the layer draws: ground where the side is at least 60 % likely. It leaves out
# what is less sure, so it may lie under the band. `shown_km2` is the floor: of that, what direct
# evidence shows. The draft of that date in its four classes, as shares of the study area:

# %%
draft = rif.estimate(rif.after)
{name: round(share, 2) for name, share in draft.shares.items()}

# %% [markdown]
# It is drawn in hindsight: what was said weeks later of 2 August counts. With what had been
# published by that evening alone, how likely was each side at Bir Mahruthah, and a little west of
# it, where the factions stood or did not?

# %%
points = [(37.58, 33.22), (37.36, 33.22)]
rif.probabilities(rif.after, points).round(2)

# %%
rif.probabilities(rif.after, points, as_of=rif.after).round(2)

# %% [markdown]
# Through the summer the bands narrow, for more and more places are spoken of:

# %%
rif.plot.areas()

# %% [markdown]
# What changed between two dates is surer than what was held on each: both are drawn together, and
# most of what we do not know is the same on both. A band and a chance stand only where ground was
# taken; ground that became known or unknown is a change of the picture.

# %%
totals = rif.totals(rif.before, rif.after)
totals.round(2)

# %% [markdown]
# The front of the two sides. The drawn line is smooth; real fronts have bays, and so have the
# random maps, so they are longer:

# %%
rif.front_totals(rif.after, "government", "opposition").round(0)

# %% [markdown]
# Where sources contradict each other on 31 July, and how much of the weight stands against the
# weightiest answer. The ground is that of the place, as widely as its position is known:

# %%
quarrels = rif.disagreement("2017-07-31")
quarrels[["place_ids", "holders", "share", "area_km2"]].round(2)

# %%
ax = rif.plot("2017-07-31")
quarrels.boundary.plot(ax=ax, color="#9c1127", linewidth=2.5, zorder=8)

# %% [markdown]
# Who says what about the largest of them:

# %%
for word in quarrels["says"].iloc[0]:
    print(f"{word['share']:.0%} {word['holder']}: {word['publisher']}, {word['date']}")
