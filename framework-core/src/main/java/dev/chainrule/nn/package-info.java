/** Layers, their initial values, and what is minimised: modules over tensors, losses and metrics. */
@Stability(Stability.Level.API)
package dev.chainrule.nn;

import dev.chainrule.Stability;
