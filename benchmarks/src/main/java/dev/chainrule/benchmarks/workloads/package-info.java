/** The trainings that Chainrule is measured with, written as its users write theirs. */
@Stability(Stability.Level.INTERNAL)
package dev.chainrule.benchmarks.workloads;

import dev.chainrule.Stability;
