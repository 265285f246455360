"""
A field of control in space and time: who holds any point on a date, how surely, and random maps.

Each side has a latent height over the plane and over time, a Gaussian process, and ground belongs
to the side whose height is greatest there. Evidence pulls the heights: what is said of some ground
is a noisy look at the one-hot vector of sides (least-squares classification; Rasmussen and Williams
2006, section 6.5), so that one linear solve gives the joint posterior of all heights.

**Assumptions**, each with what it costs where it is wrong.

1. **Roughness.** Half of the variance is one level for the whole theatre, as nobody knows the
   balance of the sides beforehand. The other half is a sum of Gaussians an octave apart, the finer
   ones fainter by the square root of a half in height (Hurst 0.5, near exp(-d / range)): fronts
   are smooth at no scale.
2. **Shapes.** What is said of a line or an area is one look at the mean of the field over it, with
   the noise of one statement (block kriging; Chiles and Delfiner 1999, section 3.5). A large area
   tells of its middle more than of its rim, and never counts as the many points inside it.
3. **Position error.** A place located to r lies within a round Gaussian whose root mean square
   distance is r. For Gaussians the expected covariance under such errors is exact and closed
   (Girard 2004), so a vague place pulls widely and weakly.
4. **Time.** Heights at two moments correlate by about exp(-|s - s'|) of a clock s that runs with
   time and leaps where ground is taken: a look on the other side of an offensive tells little. The
   clock of each look is its own, at the place where it was taken, and that of the map is zero, so
   this is a covariance whatever the clocks (a stationary process read at mapped times). It has no
   corner at 0: words that contradict each other within days are a contradiction, and no change.
   The spatial covariance multiplies it: where one place is seen to have turned, its neighbours'
   older words are doubted too, which is how offensives go.
5. **Unreliable words.** An observation of unreliability q says nothing with probability q: its
   target is stretched by 1 / (1 - q) and its variance grows by 1 / (1 - q)^2 - 1, the best linear
   use of such a word.
6. **Probability** of a side: that its height is the greatest, by a sum at even steps.
7. **Calibration.** The range and the spread (the height of the field against labels of 0 and 1: a
   temperature) are scored by leaving out each observation in turn, in closed form. The field is the
   average over the plausible pairs, weighed by their score and a weak prior that decides where
   observations are few. One best pair would give totals of ground that are too sure.
8. **Draws.** Heights at some points are drawn from their joint posterior by its Cholesky factor;
   the same seed draws the same noise, so that maps of two dates differ where the evidence does.

Positions are metres in a local plane; nothing here knows longitudes, dates or sources.
"""
