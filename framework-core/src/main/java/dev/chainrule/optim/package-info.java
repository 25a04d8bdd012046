/** Optimizers, schedules of the learning rate and gradient clipping: the end of a training step, written as graph like its beginning. */
package dev.chainrule.optim;
