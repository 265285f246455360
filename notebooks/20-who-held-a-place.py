# %% [markdown]
# # Who held Bir Mahruthah, and which places changed hands most?

# %%
from geo import open_layers

rif = open_layers("../layers")
rif.history("bir_mahruthah")

# %% [markdown]
# The same for every place that can be read on the map, counted by changes of holder. Ground that
# was not assessed, or contested, counts as neither gain nor loss.

# %%
places = rif.places()
places[["name", "changes", "holders", "contested_layers", "assessed_layers"]].head(12)

# %%
rif.plot.places(list(places["place_id"].head(12)))

# %% [markdown]
# A strip is the drawing of 13 dates, not a watch kept day by day: between two layers nobody says
# on which day a place changed hands. The ledger does where a source tells it. Nor is every change
# of colour one of hands: the villages that turn to the opposition for one day in July were claimed
# by the government in March, and only their capture on 10 July shows that the claim was wrong or
# did not last. The ledger calls such a row a refinement.
