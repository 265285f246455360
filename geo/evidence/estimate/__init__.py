"""
A first draft of control, inferred from dated statements about places.

The method, in full:

1. **Sites.** A place takes part where it has a position, somebody ever said who held it, its
   error radius is less than `Parameters.reach_km`, and it lies in the study area or within
   reach of it. Ground is given to the place with the smallest *expected squared distance*,
   d^2 + r^2 for a place located to r: the power diagram of the places with weights -r^2
   (Aurenhammer 1987, SIAM J. Comput. 16(1)). A vague place therefore gets less ground than a
   sharp one beside it, and where a sharper place owns the very point of a vague one, the vague
   one founds no cell: its statements count in the cell that holds it. Distances are taken in a
   local equal-area plane.
2. **Fixed cells.** The cells are those of all sites, whatever the date, so a border moves
   between two dates only because the evidence did.
3. **Words in force.** On a date, only the latest statements of each publisher about a site count,
   and none older than `Parameters.max_age_days`. A word that the next word about its place confirms
   is as fresh as the nearer of the two: held in March and held in July, with nothing said to the
   contrary, is held in May. A change of hands that is reported (it names its
   event; it is no claim, no inference and not of low confidence) ends all earlier words: they
   spoke of a state that is over, and do not contradict it. Outlets that lean to one side are one
   voice where they speak in its favour: the heaviest counts, as a claim.
4. **Weight** of a statement: basis x confidence x age x position (see `Parameters`).
5. **Verdict.** Weights are added up by side. Where the second side has at least
   `Parameters.contested_share` of the whole, the site is contested; otherwise the first side
   holds it, as the actor with the most weight on that side. A cell without evidence of its own
   takes the verdict of the site nearest to its own site.
6. **Reach.** A place located to r speaks for ground up to `Parameters.reach_km` - r from its
   position: that much is within reach even if it is misplaced by all of r. Ground farther from the
   site whose verdict it would take is `unknown`: nobody assessed it.
7. **Probability.** The same words, place by place, are looked at by a field of control
   (`geo.evidence.field`): smooth where places agree, blunt between those that do not, aware that
   a place is known to r and a word is worth its basis, confidence and age. It gives the chance of
   each side at any point. Its range and spread follow from the theatre's own evidence, once for all
   dates, so that it too changes between two dates only where the evidence did.
8. **Confidence** of a patch: ``high`` where whoever it is drawn for holds its ground with a
   probability of `Parameters.high` or more, ``moderate`` from `Parameters.moderate` on, else
   ``low``. Contested ground is ``low``, and so is ground that only its holder's own media give
   to the holder: how often such words are right, no neighbour can tell.

Everything drawn has basis ``inferred`` and names its statements.

Three choices need an argument.

- *Weights -r^2.* For a place located to a radius r, the expected squared distance to a point is
  d^2 + r^2. Giving ground to the smallest is Thiessen's rule for sharp places, and lets vague
  places claim less.
- *Cells of all places, whatever the date.* With cells of only the places in force, a new
  statement would move the borders of its neighbours, and the map would show changes of ground
  that nobody reported. The price: where evidence is sparse, borders follow cells of places about
  which nobody has spoken yet.
- *Reach of 10 km, less the place's own error.* In the only snapshot of the shipped theatre that
  shows many places at once (96 places of two sides at the end of July 2017), two places agree
  about the holder in 100 % of pairs nearer than 6 km, 92 % at 6-10 km, 82 % at 10-15 km and 79 %
  at 15-20 km, where chance alone gives 70 %. Seen from a place of the rarer side, the share of
  its own side is 67 % at 6-10 km and falls under half beyond (``make bench-reach``). With more
  reach the map closed the corridor that the report of 2 August calls "a few kilometres".
"""
