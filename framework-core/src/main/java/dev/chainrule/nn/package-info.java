/** Layers, their initial values, and what is minimised: modules over tensors, losses and metrics. */
package dev.chainrule.nn;
