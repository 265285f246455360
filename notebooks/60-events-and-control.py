# %% [markdown]
# # Do clashes lie on the fronts, and how soon after them does ground change hands?
#
# Every event, beside what the map says of its ground on that day: who held it, how far the nearest
# front was, and when somebody else holds it in a later layer. Both are drawn from the same reports,
# so where they agree it says that the drawing is consistent, not that it is true.

# %%
from geo import open_layers

rif = open_layers("../layers")
events = rif.events()
events[["event_date", "event_type", "actor1", "actor2", "place_id", "holder", "front_km"]].tail(8)

# %% [markdown]
# Battles located to 5 km or better, layer by layer, beside all places of the gazetteer: if
# battles lay anywhere, their distance would be that of the places.

# %%
battles = events[(events["event_type"] == "Battles") & (events["geo_radius_m"] <= 5000)]
table = rif.fronts_near(battles)
table.round(1)

# %% [markdown]
# The map of 10 July, when the push began, with the battles of that day and the next:

# %%
ax = rif.plot("2017-07-10")
shown = battles[battles["as_of"] == rif.dates[5]]
shown.plot(ax=ax, marker="*", color="#9c1127", markersize=70, zorder=7)

# %% [markdown]
# Under most layers with more than a handful of battles they lay nearer to the drawn fronts than
# places do, but not by much; on 10 July they did not. A layer shows the end of its day: what was
# taken that morning lies behind the new front in the evening. Another reason is in the last column:
# where no side is likely enough on both hands, no front is drawn, however hard the fighting.
#
# How long after an event did the map change there? The days are at most that many: a layer
# only says that the change came before its own date.

# %%
events.groupby("event_type")["lag_days"].describe()[["count", "25%", "50%", "75%"]].round(0)

# %% [markdown]
# Of the battles that the ledger names as the reason of a change, half were followed by a layer that
# shows it within:

# %%
named = events[events["change_id"].notna() & events["lag_days"].notna()]
print(f"{named['lag_days'].median():.0f} days ({len(named)} events)")
