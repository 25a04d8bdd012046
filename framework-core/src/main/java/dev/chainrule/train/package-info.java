/** Training: the Step, the loop around it, and what it tells while it runs. */
@Stability(Stability.Level.API)
package dev.chainrule.train;

import dev.chainrule.Stability;
