/**
 * What a training step takes at least on a machine: its products and convolutions alone, in a library that does them as fast as is
 * known, and the time in which memory can move what the step's plan moves beside them.
 */
@Stability(Stability.Level.INTERNAL)
package dev.chainrule.benchmarks.floor;

import dev.chainrule.Stability;
