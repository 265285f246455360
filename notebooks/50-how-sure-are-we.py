# %% [markdown]
# # How sure are we?
#
# Every figure comes with a low and a high. The ground that a side really held on that date lies
# between them in 90 of 100 cases: places are located to kilometres, statements can be wrong, and
# ground that nobody assessed could be anyone's.

# %%
from geo import open_layers

rif = open_layers("../layers")
areas = rif.areas()
areas[areas["date"] == rif.after].round(0)

# %% [markdown]
# The bands reach far up, and hardly down: what is drawn was said by somebody, but most of the
# theatre was not assessed, and somebody held that too. In August, when more places are known, the
# band of the opposition is far narrower than in spring.

# %%
rif.plot.areas()

# %% [markdown]
# What changed between two dates is surer than what was held on each: most of what we do not know
# is the same on both.

# %%
change = rif.change(rif.before, rif.after)
change[["from_controller", "to_controller", "area_km2", "low_km2", "high_km2"]].round(0)

# %% [markdown]
# The front of the two sides, as drawn and as it may have been nearby:

# %%
rif.front_totals(rif.after, "government", "opposition").round(0)

# %% [markdown]
# Where sources contradict each other on 31 July, and how much of the weight stands against the
# weightiest answer:

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
