/** Trainings of the size that graphics processors are for, beside PyTorch where Python has it. */
@Stability(Stability.Level.INTERNAL)
package dev.chainrule.benchmarks.gpu;

import dev.chainrule.Stability;
