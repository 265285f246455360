"""
A draft of control, drawn from evidence of every shape, and sure only of what it is sure of.

The method, in full; its numbers stand in `Parameters`.

1. **Words that count.** On a date the last word of each publisher about a place counts, and none
   that is older than a firm report that the place changed hands: it spoke of a state that is
   over. In *hindsight* the next word of each publisher after the date counts too ("held until it
   was taken on ..."), but not that ground was taken: that tells who holds it from then on. In
   *foresight* (``--as-of``) only what was published by then counts, and nothing about a later
   day; a word whose sources have no day of publication counts from its own day.
2. **Weight** of a word: basis x confidence. What leans to a side claims in its favour, and
   outlets that lean to one side are one voice. Words say nothing of the truth with the
   probability that their weight leaves, and at least with `Parameters.floor`.
3. **Looks.** Words about a place as a whole are one look at the field of control
   (`geo.evidence.field`), blurred by the error of the position: a point, or the mean of a line or
   an area, whatever its size. A share is such a look with that share. A front is two looks, one
   on either hand; a gap its middle and the ground beyond its two ends; a ring its inside and its
   rim; a track the ground along it, as wide as it says. That two grounds are not connected is no
   look: it weighs random maps (`necks`, `isolation`).
4. **Clock.** A look fades with the days between it and the date, as fast as the theatre's own
   words contradict each other with age (fitted, once for all dates). It fades at once by a leap
   where, in between, ground was taken near it. A side's own words are not doubted because it took
   more ground afterwards, and a place that words before and after give to one side did not change
   hands.
5. **Field.** Who holds any point, how surely, and how much evidence tells of it: see
   `geo.evidence.field`. Its range and spread too are fitted, once for all dates.
6. **Ground.** On a grid over the study area (some 6,500 cells) the ground of each side is where
   it is likelier than all others, and the classes are where the likeliest side has at least 60,
   80 and 95 % and evidence tells of the ground at all; contours find both borders inside a cell,
   by the odds. Doubt narrower than a few kilometres between two sides is a front along its even
   line. Small islands that no evidence names take the side and class round them.
7. **Series.** The drawing of a date follows that of the layer before: ground is drawn anew in
   connected regions where new words moved a chance by what is material, and elsewhere the numbers
   that are contoured, and so the borders, are exactly those of before.
8. **Patches.** Each connected piece of one side and class is a patch that names the statements
   about its ground. *Assessed* (95 %, a direct word within reach): the basis of these words, high
   confidence. *Likely* (80 %): inferred, moderate. *Presumed* (60 %): inferred, low. *Unknown*:
   no side is sure enough; where words about one small ground contradict each other, contested.
   Ground that only its holder's own media give to it is of low confidence. What a person drew by
   hand (it names no statement) stays.

Choices that need an argument.

- *No discs.* A place does not speak for a circle of ground: the field says how far it speaks, by
  how often the theatre's own places agree at a distance.
- *A capture is a leap of a clock, not a jump of the map.* It makes the words before and after it
  independent near it, and says nothing of who held what; the words do. Without it, words of the
  old state held the offensive of the shipped theatre back by weeks.
- *A reading counts once.* "It was theirs before" is entered for an earlier day and rests on the
  report of the later; read as two words, it made the field far too sure of the shipped pocket.
- *What is severed was one.* Words that a side's grounds are no longer connected give it both.
- *The drawing has hysteresis, the figures have none.* What is printed as km2 comes from draws of
  the field of that date (`geo.evidence.bands`); a border that nothing new is known of does not
  move.
- *Where the field errs.* Roads, lava and rivers do not bend its distances, so it draws across
  them; events (shelling, clashes) are no evidence of it yet; and every side spreads alike.
"""
