/** Optimizers, schedules of the learning rate and gradient clipping: the end of a training step, written as graph like its beginning. */
@Stability(Stability.Level.API)
package dev.chainrule.optim;

import dev.chainrule.Stability;
