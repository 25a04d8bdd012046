/**
 * The pieces of a training step alone, each as a Step on the current device: tracing and finding the plan are in the figures, so that
 * pieces should take well above 50 microseconds.
 */
@Stability(Stability.Level.INTERNAL)
package dev.chainrule.benchmarks.kernels;

import dev.chainrule.Stability;
